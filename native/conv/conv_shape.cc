#include "conv_shape.h"

#include <cstddef>
#include <utility>

namespace resnet {
namespace {

/** Whether `next`, the pixel after the run's last, reads through the same taps, one further. */
bool continues(const AxisRun& run, const AxisRun& next, long step) {
  if (run.taps.size() != next.taps.size()) return false;
  for (std::size_t i = 0; i < run.taps.size(); i++) {
    const AxisTap &a = run.taps[i], &b = next.taps[i];
    if (a.tap != b.tap || b.source != a.source + run.count * step) return false;
  }
  return true;
}

void append(std::vector<AxisRun>& runs, AxisRun pixel, bool merge, long step) {
  if (merge && !runs.empty() && continues(runs.back(), pixel, step)) {
    runs.back().count++;
  } else {
    runs.push_back(std::move(pixel));
  }
}

}  // namespace

ConvShape flattened(const ConvShape& shape) {
  if (shape.kh != 1 || shape.kw != 1 || shape.stride != 1 || shape.padding != 0) return shape;
  ConvShape flat = shape;
  flat.w = flat.ow = shape.h * shape.w;
  flat.h = flat.oh = 1;
  return flat;
}

std::vector<AxisRun> outputRuns(long outputs, long inputs, long kernel, long stride, long padding,
                                bool merge) {
  std::vector<AxisRun> runs;
  for (long o = 0; o < outputs; o++) {
    AxisRun pixel{o, 1, {}};
    for (long tap = 0; tap < kernel; tap++) {
      const long i = o * stride - padding + tap;
      if (i >= 0 && i < inputs) pixel.taps.push_back({i, tap});
    }
    append(runs, std::move(pixel), merge, stride);
  }
  return runs;
}

std::vector<AxisRun> inputRuns(long outputs, long inputs, long kernel, long stride, long padding,
                               bool merge) {
  std::vector<AxisRun> runs;
  for (long i = 0; i < inputs; i++) {
    AxisRun pixel{i, 1, {}};
    for (long tap = 0; tap < kernel; tap++) {
      const long scaled = i + padding - tap;
      if (scaled < 0 || scaled % stride != 0 || scaled / stride >= outputs) continue;
      pixel.taps.push_back({scaled / stride, tap});
    }
    append(runs, std::move(pixel), merge && stride == 1, 1);
  }
  return runs;
}

std::vector<RowBlock> rowBlocks(const std::vector<AxisRun>& vertical,
                                const std::vector<AxisRun>& horizontal, long batch, long most) {
  std::vector<RowBlock> blocks;
  for (std::size_t before = 1, piece = 0; blocks.size() != before; piece++) {
    before = blocks.size();
    for (std::size_t v = 0; v < vertical.size(); v++) {
      for (std::size_t h = 0; h < horizontal.size(); h++) {
        const Split split(horizontal[h].count * batch, most);
        const long i = static_cast<long>(piece);
        if (i >= split.pieces) continue;
        blocks.push_back({static_cast<long>(v), static_cast<long>(h), split.begin(i),
                          split.size(i)});
      }
    }
  }
  return blocks;
}

}  // namespace resnet
