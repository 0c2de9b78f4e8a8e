// batch_norm.cc
//
// The passes of batch norm over a block of rows. Each reads its inputs once and writes its output
// once; the output may be the very memory of an input of the same shape.

#include "activation.h"
#include "declare.h"
#include "simd.h"

namespace resnet {
namespace RESNET_ISA {
namespace {

template <Activation A, bool Residual>
void normalizeRows(const BatchNormCall& call) {
  const float *mean = call.mean, *factor = call.factor, *bias = call.bias;
  const float slope = call.slope;
  const long channels = call.channels;
  for (long i = 0; i < call.rows; i++) {
    const float* x = call.x + i * channels;
    const float* residual = Residual ? call.residual + i * channels : nullptr;
    float* y = call.out + i * channels;
    RESNET_IVDEP
    for (long c = 0; c < channels; c++) {
      float v = (x[c] - mean[c]) * factor[c] + bias[c];
      if (Residual) v += residual[c];
      y[c] = activateValue<A>(v, slope);
    }
  }
}

template <Activation A>
void normalize(const BatchNormCall& call) {
  return call.residual ? normalizeRows<A, true>(call) : normalizeRows<A, false>(call);
}

template <Activation A, bool Write>
void sumRows(const BatchNormCall& call) {
  const float* mean = call.mean;
  const float slope = call.slope;
  const long channels = call.channels;
  float *sum = call.sums, *product = call.sums + channels;
  for (long c = 0; c < 2 * channels; c++) sum[c] = 0;
  for (long i = 0; i < call.rows; i++) {
    const float* x = call.x + i * channels;
    const float* dy = call.dy + i * channels;
    const float* y = A == Activation::none ? nullptr : call.y + i * channels;
    float* out = Write ? call.out + i * channels : nullptr;
    RESNET_IVDEP
    for (long c = 0; c < channels; c++) {
      const float dz = activateGradValue<A>(dy[c], A == Activation::none ? 0 : y[c], slope);
      sum[c] += dz;
      product[c] += dz * (x[c] - mean[c]);
      if (Write) out[c] = dz;
    }
  }
}

template <Activation A>
void sums(const BatchNormCall& call) {
  return call.out ? sumRows<A, true>(call) : sumRows<A, false>(call);
}

template <Activation A>
void inputGrad(const BatchNormCall& call) {
  const float *mean = call.mean, *factor = call.factor;
  const float *meanGrad = call.meanGrad, *xhatGrad = call.xhatGrad;
  const float slope = call.slope;
  const long channels = call.channels;
  for (long i = 0; i < call.rows; i++) {
    const float* x = call.x + i * channels;
    const float* dy = call.dy + i * channels;
    const float* y = A == Activation::none ? nullptr : call.y + i * channels;
    float* dx = call.out + i * channels;
    RESNET_IVDEP
    for (long c = 0; c < channels; c++) {
      const float dz = activateGradValue<A>(dy[c], A == Activation::none ? 0 : y[c], slope);
      dx[c] = factor[c] * ((dz - meanGrad[c]) - (x[c] - mean[c]) * xhatGrad[c]);
    }
  }
}

}  // namespace

#define RESNET_BY_ACTIVATION(function)                                         \
  switch (call->activation) {                                                  \
    case Activation::none: return function<Activation::none>(*call);           \
    case Activation::relu: return function<Activation::relu>(*call);           \
    case Activation::leakyRelu: return function<Activation::leakyRelu>(*call); \
  }

void batchNorm(const BatchNormCall* call) { RESNET_BY_ACTIVATION(normalize) }
void batchNormSums(const BatchNormCall* call) { RESNET_BY_ACTIVATION(sums) }
void batchNormInputGrad(const BatchNormCall* call) { RESNET_BY_ACTIVATION(inputGrad) }

}  // namespace RESNET_ISA
}  // namespace resnet
