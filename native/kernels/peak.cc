// peak.cc
//
// The loops that measure what a machine can do at most, for the roofline in peak.h.

#include "declare.h"
#include "simd.h"
#include "tile_size.h"
#if defined(RESNET_AMX)
#include "tile_registers.h"
#endif

namespace resnet {
namespace RESNET_ISA {

namespace {

/** Independent sums: enough to hide the latency of multiply-adds on two pipes, and 16 registers. */
constexpr int chains = 12;

/** Repeats step(acc) on every chain; one step is `products` multiply-adds a lane. */
template <class Step>
RESNET_INLINE void repeat(long rounds, float* sums, double* flops, int products, const Step& step) {
  vec acc[chains];
  RESNET_UNROLL
  for (int i = 0; i < chains; i++) acc[i] = vec{} + static_cast<float>(i);
  for (long round = 0; round < rounds; round++) {
    RESNET_UNROLL
    for (int i = 0; i < chains; i++) acc[i] = step(acc[i]);
  }
  vec sum = {};
  RESNET_UNROLL
  for (int i = 0; i < chains; i++) sum += acc[i];
  store(sums, sum);
  *flops = 2.0 * products * chains * lanes * static_cast<double>(rounds);
}

}  // namespace

void multiplyAddLoop(long rounds, float* sums, double* flops) {
  const vec factor = vec{} + 0.5f, addend = vec{} + 0.25f;
  repeat(rounds, sums, flops, 1, [=](vec acc) { return acc * factor + addend; });
}

void multiplyAddBf16Loop(long rounds, float* sums, double* flops) {
#if defined(RESNET_AMX)
  setBlockShapes(static_cast<int>(tile<bf16>.rows));
  zeroTile<0>(), zeroTile<1>(), zeroTile<2>(), zeroTile<3>();
  zeroTile<4>(), zeroTile<5>(), zeroTile<6>(), zeroTile<7>();
  for (long round = 0; round < rounds; round++) {
    multiplyTiles<0, 4, 6>();
    multiplyTiles<1, 4, 7>();
    multiplyTiles<2, 5, 6>();
    multiplyTiles<3, 5, 7>();
  }
  float row[rowsOfRegister * bytesOfRow / 4];
  storeTile<0>(row, bytesOfRow);
  releaseTiles();
  *sums = *row;
  *flops = 2.0 * 32 * 32 * 32 * static_cast<double>(rounds);
#elif defined(__AVX512BF16__)
  const words pairs = words{} + 0x3f003f00u;  // two halves
  repeat(rounds, sums, flops, 2, [=](vec acc) {
    return (vec)_mm512_dpbf16_ps((__m512)acc, (__m512bh)pairs, (__m512bh)pairs);
  });
#else
  multiplyAddLoop(rounds, sums, flops);
#endif
}

void triad(const float* b, const float* c, float factor, float* a, long n) {
  RESNET_IVDEP
  for (long i = 0; i < n; i++) a[i] = b[i] + factor * c[i];
}

}  // namespace RESNET_ISA
}  // namespace resnet
