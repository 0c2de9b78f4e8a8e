// simd.h
//
// Vectors for the kernels that are compiled once per instruction set. GCC and Clang vector
// extensions: `vec` is the widest vector of floats of this translation unit's target, and a scalar
// beside a vector is broadcast. Included by kernels only; nothing here may end up as a weak symbol,
// because the linker would be free to take the AVX-512 copy for the portable path.

#pragma once
#include <cstddef>
#include <cstdint>

#if defined(__AVX2__)
#include <immintrin.h>
#endif

#if defined(__AVX512F__)
#define RESNET_VECTOR_BYTES 64
#elif defined(__AVX2__)
#define RESNET_VECTOR_BYTES 32
#else
#define RESNET_VECTOR_BYTES 16
#endif

#if defined(__clang__)
#define RESNET_IVDEP _Pragma("clang loop vectorize(assume_safety)")
#define RESNET_UNROLL _Pragma("clang loop unroll(full)")
#else
#define RESNET_IVDEP _Pragma("GCC ivdep")
#define RESNET_UNROLL _Pragma("GCC unroll 32")
#endif

#define RESNET_INLINE static inline __attribute__((always_inline))

namespace resnet {
namespace RESNET_ISA {
namespace {

/** A vector in a register. */
typedef float vec __attribute__((vector_size(RESNET_VECTOR_BYTES)));
/** A vector in memory, at any address that is good for a float. */
typedef float vecMemory
    __attribute__((vector_size(RESNET_VECTOR_BYTES), aligned(4), may_alias));

constexpr long lanes = RESNET_VECTOR_BYTES / 4;

RESNET_INLINE vec load(const float* p) { return *reinterpret_cast<const vecMemory*>(p); }
RESNET_INLINE void store(float* p, vec v) { *reinterpret_cast<vecMemory*>(p) = v; }

/** As many integers as `vec` has floats: what comparing two of them gives. */
typedef int32_t intVec __attribute__((vector_size(RESNET_VECTOR_BYTES)));

/** Bytes to integers and back. Intrinsics, because GCC takes __builtin_convertvector apart. */
RESNET_INLINE intVec loadBytes(const uint8_t* p) {
#if defined(__AVX512F__)
  return (intVec)_mm512_maskz_cvtepu8_epi32(
      0xffff, _mm_loadu_si128(reinterpret_cast<const __m128i*>(p)));
#elif defined(__AVX2__)
  return (intVec)_mm256_cvtepu8_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(p)));
#else
  intVec v;
  RESNET_UNROLL
  for (long i = 0; i < lanes; i++) v[i] = p[i];
  return v;
#endif
}

RESNET_INLINE void storeBytes(uint8_t* p, intVec v) {
#if defined(__AVX512F__)
  _mm_storeu_si128(reinterpret_cast<__m128i*>(p), _mm512_maskz_cvtepi32_epi8(0xffff, (__m512i)v));
#elif defined(__AVX2__)
  const __m256i whole = (__m256i)v;
  const __m128i words = _mm_packus_epi32(_mm256_castsi256_si128(whole),
                                         _mm256_extracti128_si256(whole, 1));
  _mm_storel_epi64(reinterpret_cast<__m128i*>(p), _mm_packus_epi16(words, words));
#else
  RESNET_UNROLL
  for (long i = 0; i < lanes; i++) p[i] = static_cast<uint8_t>(v[i]);
#endif
}

}  // namespace
}  // namespace RESNET_ISA
}  // namespace resnet
