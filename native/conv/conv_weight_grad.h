// conv_weight_grad.h
//
// The product behind conv2dWeightGrad and linearWeightGrad:
//
//   dweight[tap] = Σ over (p, q) that meet through tap of  x[q]^T · dy[p]
//
// K runs over pixels and samples, piece by piece (grad_pieces.h). x is packed transposed, because the tile reads A in rows, and
// only once for all the taps that read it; dy is packed panel by panel. If the weight alone gives too few tasks, the pieces are
// divided into partitions, whose partial sums are added in order. Nothing depends on the number of threads.
// Images have the type T; dweight and all sums are float.
//
// Images of few channels (the first convolution) would leave most rows of the tile empty. For them, the taps and
// channels of each output pixel are gathered into one patch, which becomes A.

#pragma once
#include "../ops/op.h"
#include "conv_shape.h"
#include "grad_pieces.h"

namespace resnet {

/** T is float or bf16. */
template <class T>
class ConvWeightGrad {
 public:
  ConvWeightGrad(const ConvShape& shape, const Kernels& kernels, int threads, Scratch& scratch);

  void run(const RunContext& context, const T* x, const T* dy, float* dweight) const;

 private:
  ConvWeightGrad(const Kernels& kernels, int threads, Scratch& scratch, const ConvShape& shape);

  /** One block of the result: input channels × output channels of a bundle, all taps. */
  struct Block {
    long bundle, row, rows, panel, panels;
  };

  struct Work;

  /** Memory in scratch of which every thread has `bytes`. */
  struct Place {
    size_t offset, bytes;
  };

  void makePieces(long blockRows, long blockPanels);
  void runTask(const RunContext& context, const T* x, const T* dy, float* out, long task,
               int thread) const;
  void packOutputGrad(const Work& work, const GradPiece& piece) const;
  void packSource(Work& work, const GradPiece& piece, bool below) const;
  void packSourceRow(const Work& work, const GradPiece& piece, long row) const;
  void multiplyPatches(Work& work, const GradPiece& piece) const;
  void multiplyTap(Work& work, const GradPiece& piece, long tap) const;
  void multiply(Work& work, long tap, long tileStride) const;
  void multiplyChunk(Work& work, long tap, long tileStride, long depth) const;
  void reduce(const RunContext& context, const float* partial, float* dweight) const;
  void reduceRow(const RunContext& context, const float* partial, float* dweight, long row) const;

  /** Samples of a piece as they are packed: padded with zeros to whole units of depth. */
  long paddedSamples(const GradPiece& piece) const {
    return (piece.samples + tile_.depth - 1) / tile_.depth * tile_.depth;
  }
  long panelsOf(long bundle) const;
  long columnsOf(long bundle) const { return bundles_.size(bundle) * shape_.coutPerGroup(); }

  ConvShape shape_;
  Tile tile_;
  bool patches_;  // gather patches: the product then has one tap of KH · KW · Cin rows
  bool direct_;   // the one partition is accumulated in dweight itself
  GroupBundles bundles_;
  std::vector<GradPiece> pieces_;
  std::vector<Block> blocks_;
  std::vector<size_t> partitions_;  // first piece of each, and the end
  GradPiece largest_;
  long productTaps_, productRows_;  // taps, and rows (input channels) of a whole product
  long bundleRows_, panels_ = 0;    // rows and panels of the widest bundle
  long pieceRows_;                  // of dy, packed
  long sourceRows_, sourceRowSize_;  // rows of x that are kept packed, and elements of each
  long outputSize_;                  // floats of one partial result
  size_t partial_ = 0;
  Place started_, taps_, packed_, rows_;
};

}  // namespace resnet
