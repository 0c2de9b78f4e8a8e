// grad_pieces.h
//
// How the weight gradient cuts its depth, the output's pixels and samples, into pieces whose packed
// operands stay in the second-level cache. Pieces of the same columns and samples follow each other
// down the image, so that a row of x is packed once for all the rows of taps that read it.

#pragma once
#include <vector>

#include "conv_shape.h"

namespace resnet {

/** Some pixels and samples of the output. */
struct GradPiece {
  long row, rows;
  long column, columns;
  long sample, samples;

  bool isBelow(const GradPiece& other) const {
    return column == other.column && sample == other.sample && row == other.row + other.rows;
  }
};

/** How a piece is packed: bytes of one sample of a pixel of each operand, and the multiple that samples are padded to. */
struct PiecePacking {
  long sourceBytes, outputBytes;
  long depth;
};

/** All pieces, each at most as large as `largest`. */
std::vector<GradPiece> gradPieces(const ConvShape& shape, const GradPiece& largest);

/** Rows or columns of the source from the first to the last that `count` of the output read. */
inline long readBy(long count, long stride, long kernel) { return (count - 1) * stride + kernel; }

/** Places of a packed row of x, by stride: so that one tap's columns are neighbours. */
struct PackedColumns {
  long stride, taps, perResidue;

  PackedColumns(const ConvShape& shape, long columns)
      : stride(shape.stride), taps(shape.kw), perResidue(columns + (shape.kw - 1) / shape.stride) {}
  long count() const { return (stride < taps ? stride : taps) * perResidue; }
  /** The place of the column that a tap reads for the first output column. */
  long of(long tap) const { return tap % stride * perResidue + tap / stride; }
};

}  // namespace resnet
