// optimizers.cc
//
// One weight update in one pass over the parameter, its gradient and its moments.
// The formulas are PyTorch's torch.optim.SGD (dampening 0), Adam and AdamW.

#include "declare.h"
#include "simd.h"

namespace resnet {
namespace RESNET_ISA {
namespace {

template <bool Velocity, bool Write, bool Nesterov>
void sgdRange(const SgdCall& call, long begin, long end) {
  const float *parameter = call.parameter, *gradient = call.gradient, *velocity = call.velocity;
  float *newParameter = call.newParameter, *newVelocity = call.newVelocity;
  const float rate = call.learningRate, momentum = call.momentum, decay = call.weightDecay;
  const float scale = call.gradientScale;
  RESNET_IVDEP
  for (long i = begin; i < end; i++) {
    const float g = scale * gradient[i] + decay * parameter[i];
    const float v = Velocity ? momentum * velocity[i] + g : g;
    if (Write) newVelocity[i] = v;
    newParameter[i] = parameter[i] - rate * (Nesterov ? g + momentum * v : v);
  }
}

template <bool Velocity, bool Write>
void sgdRange(const SgdCall& call, long begin, long end) {
  if (call.nesterov) return sgdRange<Velocity, Write, true>(call, begin, end);
  sgdRange<Velocity, Write, false>(call, begin, end);
}

RESNET_INLINE float squareRoot(float x) { return __builtin_sqrtf(x); }

template <bool Decoupled>
void adamRange(const AdamCall& call, long begin, long end) {
  const float *parameter = call.parameter, *gradient = call.gradient;
  const float *first = call.firstMoment, *second = call.secondMoment;
  float *newParameter = call.newParameter;
  float *newFirst = call.newFirstMoment, *newSecond = call.newSecondMoment;
  const float beta1Rest = call.beta1Rest, beta2 = call.beta2, beta2Rest = call.beta2Rest;
  const float eps = call.eps, scale = call.gradientScale;
  const float decay = Decoupled ? 1 - call.learningRate * call.weightDecay : call.weightDecay;
  const float stepSize = call.stepSize, rootCorrection = call.rootCorrection;
  RESNET_IVDEP
  for (long i = begin; i < end; i++) {
    float p = parameter[i], g = scale * gradient[i];
    if (Decoupled) p *= decay;
    else g += decay * p;
    const float m = first[i] + beta1Rest * (g - first[i]);
    const float v = beta2 * second[i] + beta2Rest * g * g;
    newFirst[i] = m;
    newSecond[i] = v;
    newParameter[i] = p - stepSize * m / (squareRoot(v) / rootCorrection + eps);
  }
}

}  // namespace

void sgd(const SgdCall* call, long begin, long end) {
  const bool velocity = call->velocity, write = call->newVelocity;
  if (velocity && write) return sgdRange<true, true>(*call, begin, end);
  if (velocity) return sgdRange<true, false>(*call, begin, end);
  if (write) return sgdRange<false, true>(*call, begin, end);
  sgdRange<false, false>(*call, begin, end);
}

void adam(const AdamCall* call, long begin, long end) {
  if (call->decoupled) return adamRange<true>(*call, begin, end);
  adamRange<false>(*call, begin, end);
}

void sumOfSquares(const float* x, long n, double* sum) {
  constexpr long stretch = 1024;
  double total = 0;
  for (long begin = 0; begin < n; begin += stretch) {
    const long count = n - begin < stretch ? n - begin : stretch;
    vec squares{};
    long i = 0;
    for (; i + lanes <= count; i += lanes) {
      const vec value = load(x + begin + i);
      squares += value * value;
    }
    for (long lane = 0; lane < lanes; lane++) total += squares[lane];
    for (; i < count; i++) total += static_cast<double>(x[begin + i]) * x[begin + i];
  }
  *sum = total;
}

}  // namespace RESNET_ISA
}  // namespace resnet
