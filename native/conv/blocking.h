// blocking.h
//
// What a thread keeps in its second-level cache while it multiplies. Sums of more depth than that are
// parked in memory between two passes, which costs the more, the faster the products are: AMX makes
// 512 a cycle, and its processors have 2 MiB of that cache.

#pragma once
#include "../kernels/kernels.h"

namespace resnet {

constexpr long mostPanels = 16;  // whose sums a thread holds at a time

struct Blocking {
  long rows;       // of a block of A
  long depth;      // K of a block of A and a panel of B
  long gradDepth;  // K of a piece of the weight gradient: more gains nothing
  long gradBytes;  // of a piece's packed operands

  explicit Blocking(const Tile& tile) {
    constexpr long mostRows = 144;  // a multiple of the rows of every tile of vector registers
    rows = mostRows / tile.rows * tile.rows;
    const bool isAmx = tile.depth == 32;
    depth = isAmx ? 4608 : tile.panelDepth > 0 ? tile.panelDepth : 576;
    gradDepth = isAmx ? 2048 : 512;
    gradBytes = (isAmx ? 1280L : 640L) << 10;
  }
};

}  // namespace resnet
