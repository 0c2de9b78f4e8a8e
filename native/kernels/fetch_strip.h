// fetch_strip.h
//
// All rows of a row-major A reach the end of a line at the same step in k, and every sum of the tile
// waits for its row: a product that leaves the fetching to the processor stops there for the latency
// of the second-level cache. Therefore k is taken in strips, and each asks for the next one's lines.

#pragma once
#include "simd.h"

namespace resnet {
namespace RESNET_ISA {
namespace {

constexpr long stripDepth = 128;

/** Asks for the strip of A after `end` in tap t, or the first one of the next tap. */
template <int Rows, class T>
RESNET_INLINE void fetchNextStrip(const BrgemmCall<T>& call, long t, long end) {
  constexpr long line = 64 / static_cast<long>(sizeof(T));
  if (end >= call.k) {
    if (++t == call.tapCount) return;
    end = 0;
  }
  const T* row = call.taps[t].a + call.aOffset + end;
  const long depth = call.k - end < stripDepth ? call.k - end : stripDepth;
  if (depth < line) return;
  for (int i = 0; i < Rows; i++, row += call.ars) {
    for (long k = 0; k < depth; k += line) __builtin_prefetch(row + k);
  }
}

}  // namespace
}  // namespace RESNET_ISA
}  // namespace resnet
