// mix_samples.cc: each image of a batch mixed with the one before it, for Mixup and CutMix.

#include <algorithm>

#include "op.h"

namespace resnet {

KernelCall makeMixSamples(OpReader& op) {
  const Operand x = op.input("x"), y = op.output("y");
  const Operand labels = op.input("labels"), box = op.input("box");
  const Operand share = op.input("share"), neighbours = op.output("neighbourLabels");
  const long width = x.shape()[1], pixels = x.shape()[0] * width;
  const long batch = x.shape()[2], channels = x.shape()[3];
  return byElement(op.element, [&](auto zero) -> KernelCall {
    using T = decltype(zero);
    return [=](const RunContext& context) {
      const int32_t *own = labels.in<int32_t>(context), *edges = box.in<int32_t>(context);
      int32_t* other = neighbours.in<int32_t>(context);
      for (long n = 0; n < batch; n++) other[n] = own[n == 0 ? batch - 1 : n - 1];
      const float left = *share.in<float>(context);
      const auto& kernels = context.kernels.of<T>();
      const long size = batch * channels, rest = size - channels;
      const long together = std::max(1L, elementBlock / size);
      parallelBlocks(context, pixels, together, [&](long begin, long end) {
        for (long p = begin; p < end; p++) {
          const long row = p / width, column = p % width;
          const bool inBox = row >= edges[0] && row < edges[2] && column >= edges[1] &&
                             column < edges[3];
          const T* from = x.in<T>(context) + p * size;
          T* to = y.in<T>(context) + p * size;
          const float weight = inBox ? 0 : left;
          kernels.lerp(from + rest, from, weight, to, channels);
          kernels.lerp(from, from + channels, weight, to + channels, rest);
        }
      });
    };
  });
}

}  // namespace resnet
