// epilogue.cc
//
// What happens to a block of a product while it is still in cache: scale, bias, residual and
// activation on its way to y, and the moments of its columns for batch norm.
//
// Rounding   moments are taken about the block's own mean, so that they lose nothing to
//            cancellation; the caller merges blocks in a fixed order, in double.

#include "activation.h"
#include "declare.h"
#include "simd.h"

namespace resnet {
namespace RESNET_ISA {
namespace {

template <Activation A>
void epilogueRows(const EpilogueCall& call) {
  const float *scale = call.scale, *bias = call.bias;
  for (long i = 0; i < call.rows; i++) {
    const float* c = call.c + i * call.ldc;
    const float* residual = call.residual ? call.residual + i * call.ldy : nullptr;
    float* y = call.y + i * call.ldy;
    long j = 0;
    for (; j + lanes <= call.columns; j += lanes) {
      vec v = load(c + j);
      if (scale) v *= load(scale + j);
      if (bias) v += load(bias + j);
      if (residual) v += load(residual + j);
      store(y + j, activateVector<A>(v, call.slope));
    }
    for (; j < call.columns; j++) {
      float v = c[j];
      if (scale) v *= scale[j];
      if (bias) v += bias[j];
      if (residual) v += residual[j];
      y[j] = activateValue<A>(v, call.slope);
    }
  }
}

/** Sum over rows of (x − mean)^Power, Power 1 (mean is 0) or 2, of one vector of columns. */
template <int Power>
RESNET_INLINE vec columnSum(const float* x, long ld, long rows, vec mean) {
  vec even = {}, odd = {};
  long i = 0;
  for (; i + 2 <= rows; i += 2) {
    const vec a = load(x + i * ld) - mean, b = load(x + (i + 1) * ld) - mean;
    even += Power == 2 ? a * a : a;
    odd += Power == 2 ? b * b : b;
  }
  if (i < rows) {
    const vec a = load(x + i * ld) - mean;
    even += Power == 2 ? a * a : a;
  }
  return even + odd;
}

}  // namespace

void epilogue(const EpilogueCall* call) {
  switch (call->activation) {
    case Activation::none: return epilogueRows<Activation::none>(*call);
    case Activation::relu: return epilogueRows<Activation::relu>(*call);
    case Activation::leakyRelu: return epilogueRows<Activation::leakyRelu>(*call);
  }
}

void columnMoments(const float* x, long ld, long rows, long columns, float* mean, float* m2) {
  const float share = 1.0f / static_cast<float>(rows);
  long j = 0;
  for (; j + lanes <= columns; j += lanes) {
    const vec center = columnSum<1>(x + j, ld, rows, vec{}) * share;
    store(mean + j, center);
    store(m2 + j, columnSum<2>(x + j, ld, rows, center));
  }
  for (; j < columns; j++) {
    float sum = 0, squares = 0;
    for (long i = 0; i < rows; i++) sum += x[i * ld + j];
    const float center = sum * share;
    for (long i = 0; i < rows; i++) squares += (x[i * ld + j] - center) * (x[i * ld + j] - center);
    mean[j] = center;
    m2[j] = squares;
  }
}

void columnSums(const float* x, long ld, long rows, long columns, float* sums) {
  long j = 0;
  for (; j + lanes <= columns; j += lanes) {
    store(sums + j, columnSum<1>(x + j, ld, rows, vec{}));
  }
  for (; j < columns; j++) {
    float sum = 0;
    for (long i = 0; i < rows; i++) sum += x[i * ld + j];
    sums[j] = sum;
  }
}

}  // namespace RESNET_ISA
}  // namespace resnet
