// blocking.h
//
// What a thread keeps in its second-level cache while it multiplies. Sums of more depth than that are
// parked in memory between two passes, which costs the more, the faster the products are: tiles
// that are 32 deep multiply 64 sums and more a cycle, and their processors have 2 MiB of that cache.

#pragma once
#include "../kernels/kernels.h"

namespace resnet {

struct Blocking {
  long rows;       // of a block of A
  long depth;      // K of a block of A and a panel of B
  long gradDepth;  // K of a piece of the weight gradient: more gains nothing
  long gradBytes;  // of a piece's packed operands

  explicit Blocking(const Tile& tile)
      : rows(mostRows / tile.rows * tile.rows), depth(tile.depth < 32 ? 576 : 4608),
        gradDepth(tile.depth < 32 ? 512 : 2048), gradBytes(tile.depth < 32 ? 640L << 10 : 1280L << 10) {}

 private:
  static constexpr long mostRows = 144;  // a multiple of the rows of every tile of vector registers
};

}  // namespace resnet
