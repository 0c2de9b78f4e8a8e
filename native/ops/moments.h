// moments.h: per-block moments of columns in scratch memory, and merging them into a mean and a
// biased variance.

#pragma once
#include <algorithm>

#include "op.h"

namespace resnet {

/** Reserves the moments of `blocks` blocks; returns their place. */
inline size_t reserveMoments(Scratch& scratch, long blocks, long channels) {
  return scratch.reserve(3 * sizeof(float) * static_cast<size_t>(blocks * channels));
}

/** Reserved moments; those of block b are `at(b * channels)`. */
inline Moments momentsAt(const RunContext& context, size_t place, long blocks, long channels) {
  float* mean = reinterpret_cast<float*>(context.scratch + place);
  return {mean, mean + blocks * channels, mean + 2 * blocks * channels};
}

/**
 * Chan's merge, all blocks at once and in double: the deviations of the blocks' means from the
 * whole mean join the blocks' own squared deviations. Blocks are added in their order.
 *
 * @param rowsOf rows of a block
 */
template <class RowsOf>
void mergeBlockMoments(const RunContext& context, const Moments& moments, long blocks,
                       long channels, const RowsOf& rowsOf, float* mean, float* variance) {
  const auto meanOf = [&](long i) { return static_cast<double>(moments.mean[i]) + moments.rest[i]; };
  constexpr long width = 16;
  parallelBlocks(context, channels, std::max(width, elementBlock / blocks / width * width),
                 [&](long begin, long end) {
    for (long first = begin; first < end; first += width) {
      const long count = std::min(width, end - first);
      double center[width] = {}, squares[width] = {}, total = 0;
      for (long b = 0; b < blocks; b++) {
        const double rows = static_cast<double>(rowsOf(b));
        total += rows;
        for (long c = 0; c < count; c++) center[c] += rows * meanOf(b * channels + first + c);
      }
      for (long c = 0; c < count; c++) center[c] /= total;
      for (long b = 0; b < blocks; b++) {
        const double rows = static_cast<double>(rowsOf(b));
        for (long c = 0; c < count; c++) {
          const double apart = meanOf(b * channels + first + c) - center[c];
          squares[c] += moments.m2[b * channels + first + c] + rows * apart * apart;
        }
      }
      for (long c = 0; c < count; c++) {
        mean[first + c] = static_cast<float>(center[c]);
        variance[first + c] = static_cast<float>(squares[c] / total);
      }
    }
  });
}

}  // namespace resnet
