#include "grad_pieces.h"

namespace resnet {

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
