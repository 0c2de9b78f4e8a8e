// peak.cc
//
// The two loops that measure what a machine can do at most, for the roofline in peak.h.

#include "declare.h"
#include "simd.h"

namespace resnet {
namespace RESNET_ISA {

/** Independent sums: enough to hide the latency of multiply-adds on two pipes, and 16 registers. */
constexpr int chains = 12;

void multiplyAddLoop(long rounds, float* sums, double* flops) {
  vec acc[chains];
  RESNET_UNROLL
  for (int i = 0; i < chains; i++) acc[i] = vec{} + static_cast<float>(i);
  const vec factor = vec{} + 0.5f, addend = vec{} + 0.25f;
  for (long round = 0; round < rounds; round++) {
    RESNET_UNROLL
    for (int i = 0; i < chains; i++) acc[i] = acc[i] * factor + addend;
  }
  vec sum = {};
  RESNET_UNROLL
  for (int i = 0; i < chains; i++) sum += acc[i];
  store(sums, sum);
  *flops = 2.0 * chains * lanes * static_cast<double>(rounds);
}

void triad(const float* b, const float* c, float factor, float* a, long n) {
  RESNET_IVDEP
  for (long i = 0; i < n; i++) a[i] = b[i] + factor * c[i];
}

}  // namespace RESNET_ISA
}  // namespace resnet
