#include "grad_pieces.h"

#include <algorithm>

namespace resnet {
namespace {

constexpr long leastColumns = 8;         // fewer would pack the columns between two pieces too often
constexpr long leastSamples = 16;        // fewer would leave rows of memory short

long half(long count) { return (count + 1) / 2; }

}  // namespace

GradPiece largestPiece(const ConvShape& shape, const PiecePacking& packing, const Blocking& blocking) {
  GradPiece piece{0, 1, 0, shape.ow, 0, shape.n};
  const auto fits = [&](const GradPiece& p) {
    const long columns = PackedColumns(shape, p.columns).count();
    const long rows = std::min(shape.h, readBy(p.rows, shape.stride, shape.kh));
    const long samples = (p.samples + packing.depth - 1) / packing.depth * packing.depth;
    return samples * (rows * columns * packing.sourceBytes + p.rows * p.columns * packing.outputBytes) <=
           blocking.gradBytes;
  };
  const long least = shape.kw > 1 ? leastColumns : 1;
  while (!fits(piece) && piece.columns > least) piece.columns = half(piece.columns);
  const long fewest = std::max(leastSamples, packing.depth);
  while (!fits(piece) && piece.samples > fewest) piece.samples = half(piece.samples);
  while (piece.rows < shape.oh && piece.rows * piece.columns * piece.samples < blocking.gradDepth) {
    GradPiece higher = piece;
    higher.rows++;
    if (!fits(higher)) break;
    piece = higher;
  }
  return piece;
}

std::vector<GradPiece> gradPieces(const ConvShape& shape, const GradPiece& largest) {
  const Split rows(shape.oh, largest.rows), columns(shape.ow, largest.columns);
  const Split samples(shape.n, largest.samples);
  std::vector<GradPiece> pieces;
  for (long s = 0; s < samples.pieces; s++) {
    for (long c = 0; c < columns.pieces; c++) {
      for (long r = 0; r < rows.pieces; r++) {
        pieces.push_back({rows.begin(r), rows.size(r), columns.begin(c), columns.size(c),
                          samples.begin(s), samples.size(s)});
      }
    }
  }
  return pieces;
}

}  // namespace resnet
