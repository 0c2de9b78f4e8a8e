// moments.h: merging per-block moments of columns into a mean and a biased variance.

#pragma once
#include <algorithm>

#include "op.h"

namespace resnet {

/**
 * Chan's merge, all blocks at once and in double: the deviations of the blocks' means from the
 * whole mean join the blocks' own squared deviations. Blocks are added in their order.
 *
 * @param rowsOf rows of a block
 */
template <class RowsOf>
void mergeBlockMoments(const RunContext& context, const float* means, const float* m2s,
                       long blocks, long channels, const RowsOf& rowsOf, float* mean,
                       float* variance) {
  constexpr long width = 16;
  parallelBlocks(context, channels, std::max(width, elementBlock / blocks / width * width),
                 [&](long begin, long end) {
    for (long first = begin; first < end; first += width) {
      const long count = std::min(width, end - first);
      double center[width] = {}, squares[width] = {}, total = 0;
      for (long b = 0; b < blocks; b++) {
        const double rows = static_cast<double>(rowsOf(b));
        total += rows;
        for (long c = 0; c < count; c++) center[c] += rows * means[b * channels + first + c];
      }
      for (long c = 0; c < count; c++) center[c] /= total;
      for (long b = 0; b < blocks; b++) {
        const double rows = static_cast<double>(rowsOf(b));
        for (long c = 0; c < count; c++) {
          const double apart = means[b * channels + first + c] - center[c];
          squares[c] += m2s[b * channels + first + c] + rows * apart * apart;
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
