// resample.cc: one pass of an image's resizing, as src/data/transforms/resample.ts does it.

#include "declare.h"
#include "simd.h"

namespace resnet {
namespace RESNET_ISA {

namespace {

constexpr int weightBits = 22;

/** Sums are kept unsigned, so that they wrap as TypeScript's do. */
RESNET_INLINE uint8_t toByte(uint32_t sum) {
  const int32_t value = static_cast<int32_t>(sum) >> weightBits;
  return static_cast<uint8_t>(value < 0 ? 0 : value > 255 ? 255 : value);
}

/** target[x] = Σ weights[k] · source[k · step + x] for `n` neighbours; n is a constant in the caller. */
RESNET_INLINE void weigh(const uint8_t* source, long step, const int32_t* weights, long taps,
                         uint8_t* target, long n) {
  uint32_t sums[32];
  for (long x = 0; x < n; x++) sums[x] = 1u << (weightBits - 1);
  for (long k = 0; k < taps; k++) {
    const uint32_t weight = static_cast<uint32_t>(weights[k]);
    for (long x = 0; x < n; x++) sums[x] += source[k * step + x] * weight;
  }
  for (long x = 0; x < n; x++) target[x] = toByte(sums[x]);
}

typedef uint8_t fourBytes __attribute__((vector_size(4)));
typedef int32_t fourSums __attribute__((vector_size(16)));
typedef uint32_t fourWords __attribute__((vector_size(16)));

/** weigh for the 3 colours of a pixel. Reads and writes a fourth byte behind each. */
RESNET_INLINE void weighColours(const uint8_t* source, const int32_t* weights, long taps,
                                uint8_t* target) {
  fourWords sums = fourWords{} + (1u << (weightBits - 1));
  for (long k = 0; k < taps; k++) {
    fourBytes pixel;
    __builtin_memcpy(&pixel, source + k * 3, 4);
    sums += __builtin_convertvector(pixel, fourWords) * static_cast<uint32_t>(weights[k]);
  }
  fourSums values = (fourSums)sums >> weightBits;
  values &= values >= 0;                // 0 where negative: a comparison gives ones or zeros
  values = (values | (values > 255)) & 255;
  const fourBytes bytes = __builtin_convertvector(values, fourBytes);
  __builtin_memcpy(target, &bytes, 4);
}

}  // namespace

void resampleAxis(const ResampleCall* call) {
  const long inner = call->inner;
  for (long o = 0; o < call->outer; o++) {
    // The last line has nothing behind it; elsewhere a byte too many is written over by what follows.
    const bool inColours = inner == 3 && o + 1 < call->outer;
    for (long i = 0; i < call->to; i++) {
      const uint8_t* source = call->source + (o * call->from + call->start[i]) * inner;
      uint8_t* target = call->target + (o * call->to + i) * inner;
      const int32_t* weights = call->weights + i * call->stride;
      const long taps = call->count[i];
      if (inColours) {
        weighColours(source, weights, taps, target);
        continue;
      }
      long x = 0;
      for (; x + 32 <= inner; x += 32) weigh(source + x, inner, weights, taps, target + x, 32);
      for (; x < inner; x++) weigh(source + x, inner, weights, taps, target + x, 1);
    }
  }
}

}  // namespace RESNET_ISA
}  // namespace resnet
