// flatten.cc: an image as rows of features, and back. Features are f32, whatever the image is.

#include <algorithm>

#include "../element.h"
#include "op.h"

namespace resnet {
namespace {

/** [H, W, N, C] of any type to f32 [N, C · H · W], or back. */
KernelCall moveFlat(const OpReader& op, const Operand& image, const Operand& flat, bool forward) {
  const Shape& shape = image.shape();
  const long pixels = shape[0] * shape[1], batch = shape[2], channels = shape[3];
  op.requireShape("the flat operand", flat, {batch, channels * pixels});
  return byElement(op.element, [&](auto zero) -> KernelCall {
    using T = decltype(zero);
    return [=](const RunContext& context) {
      T* hwnc = image.in<T>(context);
      float* rows = flat.in<float>(context);
      parallelBlocks(context, batch, std::max(1L, elementBlock / (channels * pixels)),
                     [&](long begin, long end) {
        for (long n = begin; n < end; n++) {
          for (long p = 0; p < pixels; p++) {
            T* a = hwnc + (p * batch + n) * channels;
            float* b = rows + n * channels * pixels + p;
            for (long c = 0; c < channels; c++) {
              if (forward) b[c * pixels] = toFloat(a[c]);
              else a[c] = fromFloat<T>(b[c * pixels]);
            }
          }
        }
      });
    };
  });
}

}  // namespace

KernelCall makeFlatten(OpReader& op) {
  return moveFlat(op, op.input("x"), op.output("y"), true);
}

KernelCall makeFlattenGrad(OpReader& op) {
  const Operand dy = op.input("dy"), dx = op.output("dx");
  return moveFlat(op, dx, dy, false);
}

}  // namespace resnet
