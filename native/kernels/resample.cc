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

#if defined(__AVX2__)
/** The colours of two pixels, one in each half, with the byte behind each. */
RESNET_INLINE __m256i loadPixels(const uint8_t* one, const uint8_t* other) {
  int32_t first, second;
  __builtin_memcpy(&first, one, 4);
  __builtin_memcpy(&second, other, 4);
  return _mm256_cvtepu8_epi32(_mm_insert_epi32(_mm_cvtsi32_si128(first), second, 1));
}

/** Stores the sums of two pixels, and a byte behind each. */
RESNET_INLINE void storePixels(uint8_t* one, uint8_t* other, __m256i sums) {
  const __m256i values = _mm256_srai_epi32(sums, weightBits);
  const __m256i shorts = _mm256_packus_epi32(values, values);
  const __m256i bytes = _mm256_packus_epi16(shorts, shorts);
  const int32_t first = _mm_cvtsi128_si32(_mm256_castsi256_si128(bytes));
  const int32_t second = _mm_cvtsi128_si32(_mm256_extracti128_si256(bytes, 1));
  __builtin_memcpy(one, &first, 4);
  __builtin_memcpy(other, &second, 4);
}

constexpr long linesAtOnce = 8;

/** weigh for the 3 colours of a pixel, the same in 8 lines. Reads and writes a byte behind each. */
RESNET_INLINE void weighColours(const uint8_t* source, long sourceLine, const int32_t* weights,
                                long taps, uint8_t* target, long targetLine) {
  __m256i sums[linesAtOnce / 2];
  RESNET_UNROLL
  for (long p = 0; p < linesAtOnce / 2; p++) sums[p] = _mm256_set1_epi32(1 << (weightBits - 1));
  for (long k = 0; k < taps; k++) {
    const __m256i weight = _mm256_set1_epi32(weights[k]);
    RESNET_UNROLL
    for (long p = 0; p < linesAtOnce / 2; p++) {
      const uint8_t* pixel = source + k * 3 + 2 * p * sourceLine;
      const __m256i pixels = loadPixels(pixel, pixel + sourceLine);
      sums[p] = _mm256_add_epi32(sums[p], _mm256_mullo_epi32(pixels, weight));
    }
  }
  RESNET_UNROLL
  for (long p = 0; p < linesAtOnce / 2; p++) {
    uint8_t* pixel = target + 2 * p * targetLine;
    storePixels(pixel, pixel + targetLine, sums[p]);
  }
}
#endif

/** Pixels `first` and on of one line. */
RESNET_INLINE void resampleLine(const ResampleCall* call, long line, long first) {
  const long inner = call->inner;
  for (long i = first; i < call->to; i++) {
    const uint8_t* source = call->source + (line * call->from + call->start[i]) * inner;
    uint8_t* target = call->target + (line * call->to + i) * inner;
    const int32_t* weights = call->weights + i * call->stride;
    const long taps = call->count[i];
    if (inner == 3) {
      weigh(source, 3, weights, taps, target, 3);
      continue;
    }
    long x = 0;
    for (; x + 32 <= inner; x += 32) weigh(source + x, inner, weights, taps, target + x, 32);
    for (; x < inner; x++) weigh(source + x, inner, weights, taps, target + x, 1);
  }
}

}  // namespace

void resampleAxis(const ResampleCall* call) {
  long line = 0;
#if defined(__AVX2__)
  // A byte too many is read from the next line, so the last one is left out, and written to the next pixel, which follows;
  // but behind the last pixel of a line stands what is done already.
  const long sourceLine = call->from * 3, targetLine = call->to * 3, last = call->to - 1;
  for (; call->inner == 3 && line + linesAtOnce < call->outer; line += linesAtOnce) {
    for (long i = 0; i < last; i++) {
      weighColours(call->source + line * sourceLine + call->start[i] * 3, sourceLine,
                   call->weights + i * call->stride, call->count[i],
                   call->target + line * targetLine + i * 3, targetLine);
    }
    for (long l = 0; l < linesAtOnce; l++) resampleLine(call, line + l, last);
  }
#endif
  for (; line < call->outer; line++) resampleLine(call, line, 0);
}

}  // namespace RESNET_ISA
}  // namespace resnet
