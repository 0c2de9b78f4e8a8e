// threefry.h
//
// Random numbers from a counter: Threefry-2x32 with 20 rounds, bit for bit as src/tensor/random.ts.
// Source: Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3".

#pragma once
#include <cstdint>

#include "simd.h"

namespace resnet {
namespace RESNET_ISA {
namespace {

struct RandomWords {
  uint32_t first, second;
};

RESNET_INLINE uint32_t rotateLeft(uint32_t x, int by) { return (x << by) | (x >> (32 - by)); }

/** One block: two words out of a key and a two-word counter. */
RESNET_INLINE RandomWords threefry(uint32_t k0, uint32_t k1, uint32_t c0, uint32_t c1) {
  constexpr int rotations[8] = {13, 15, 26, 6, 17, 29, 16, 24};
  const uint32_t keys[3] = {k0, k1, k0 ^ k1 ^ 0x1bd11bdau};
  uint32_t x0 = c0 + k0, x1 = c1 + k1;
  RESNET_UNROLL
  for (int round = 0; round < 20; round++) {
    x0 += x1;
    x1 = rotateLeft(x1, rotations[round & 7]) ^ x0;
    if ((round & 3) == 3) {
      const uint32_t block = (round >> 2) + 1;
      x0 += keys[block % 3];
      x1 += keys[(block + 1) % 3] + block;
    }
  }
  return {x0, x1};
}

}  // namespace
}  // namespace RESNET_ISA
}  // namespace resnet
