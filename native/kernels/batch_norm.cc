// batch_norm.cc
//
// The passes of batch norm over a block of rows. Each reads its inputs once and writes its output
// once; the output may be the very memory of an input of the same shape. Sums are taken of float
// values, before dz is rounded to its storage type.

#include "activation.h"
#include "declare.h"
#include "simd.h"

namespace resnet {
namespace RESNET_ISA {
namespace {

template <Activation A, bool Residual, class T>
void normalizeRows(const BatchNormCall<T>& call) {
  const float *mean = call.mean, *factor = call.factor, *bias = call.bias;
  const float slope = call.slope;
  const long channels = call.channels;
  for (long i = 0; i < call.rows; i++) {
    const T* x = call.x + i * channels;
    const T* residual = Residual ? call.residual + i * channels : nullptr;
    T* y = call.out + i * channels;
    forLanes(channels, [&](auto lane, long c) {
      auto v = (get(lane, x + c) - get(lane, mean + c)) * get(lane, factor + c);
      v += get(lane, bias + c);
      if constexpr (Residual) v += get(lane, residual + c);
      put(y + c, activateValue<A>(v, slope));
    });
  }
}

template <Activation A, class T>
void normalize(const BatchNormCall<T>& call) {
  return call.residual ? normalizeRows<A, true>(call) : normalizeRows<A, false>(call);
}

/** dz of one vector or value. */
template <Activation A, class T, class Lane>
RESNET_INLINE auto maskedGrad(Lane lane, const T* dy, const T* y, float slope) {
  const auto gradient = get(lane, dy);
  if constexpr (A == Activation::none) return gradient;
  else return activateGradValue<A>(gradient, get(lane, y), slope);
}

template <Activation A, bool Write, class T>
void sumRows(const BatchNormCall<T>& call) {
  const float* mean = call.mean;
  const float slope = call.slope;
  const long channels = call.channels;
  float *sum = call.sums, *product = call.sums + channels;
  for (long c = 0; c < 2 * channels; c++) sum[c] = 0;
  for (long i = 0; i < call.rows; i++) {
    const T* x = call.x + i * channels;
    const T* dy = call.dy + i * channels;
    const T* y = A == Activation::none ? dy : call.y + i * channels;
    T* out = Write ? call.out + i * channels : nullptr;
    forLanes(channels, [&](auto lane, long c) {
      const auto dz = maskedGrad<A>(lane, dy + c, y + c, slope);
      put(sum + c, get(lane, sum + c) + dz);
      put(product + c,
          get(lane, product + c) + dz * (get(lane, x + c) - get(lane, mean + c)));
      if constexpr (Write) put(out + c, dz);
    });
  }
}

template <Activation A, class T>
void sums(const BatchNormCall<T>& call) {
  return call.out ? sumRows<A, true>(call) : sumRows<A, false>(call);
}

template <Activation A, bool Statistics, class T>
void inputGradRows(const BatchNormCall<T>& call) {
  const float *mean = call.mean, *factor = call.factor;
  const float *meanGrad = call.meanGrad, *xhatGrad = call.xhatGrad;
  const float slope = call.slope;
  const long channels = call.channels;
  for (long i = 0; i < call.rows; i++) {
    const T* x = call.x + i * channels;
    const T* dy = call.dy + i * channels;
    const T* y = A == Activation::none ? dy : call.y + i * channels;
    T* dx = call.out + i * channels;
    forLanes(channels, [&](auto lane, long c) {
      const auto dz = maskedGrad<A>(lane, dy + c, y + c, slope);
      if constexpr (!Statistics) return put(dx + c, get(lane, factor + c) * dz);
      const auto centered = get(lane, x + c) - get(lane, mean + c);
      put(dx + c, get(lane, factor + c) * ((dz - get(lane, meanGrad + c)) -
                                           centered * get(lane, xhatGrad + c)));
    });
  }
}

template <Activation A, class T>
void inputGrad(const BatchNormCall<T>& call) {
  return call.meanGrad ? inputGradRows<A, true>(call) : inputGradRows<A, false>(call);
}

}  // namespace

#define RESNET_BY_ACTIVATION(function)                                         \
  switch (call->activation) {                                                  \
    case Activation::none: return function<Activation::none>(*call);           \
    case Activation::relu: return function<Activation::relu>(*call);           \
    case Activation::leakyRelu: return function<Activation::leakyRelu>(*call); \
  }

#define RESNET_BATCH_NORM(T)                                                          \
  void batchNorm(const BatchNormCall<T>* call) { RESNET_BY_ACTIVATION(normalize) }    \
  void batchNormSums(const BatchNormCall<T>* call) { RESNET_BY_ACTIVATION(sums) }     \
  void batchNormInputGrad(const BatchNormCall<T>* call) { RESNET_BY_ACTIVATION(inputGrad) }

RESNET_BATCH_NORM(float)
RESNET_BATCH_NORM(bf16)

}  // namespace RESNET_ISA
}  // namespace resnet
