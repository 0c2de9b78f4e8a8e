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

#include "kernels.h"

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

/** The bits of a vector of floats, and vectors of as many bf16, in a register and in memory. */
typedef uint32_t words __attribute__((vector_size(RESNET_VECTOR_BYTES)));
typedef uint32_t wordsMemory
    __attribute__((vector_size(RESNET_VECTOR_BYTES), aligned(2), may_alias));
typedef uint16_t halves __attribute__((vector_size(RESNET_VECTOR_BYTES / 2)));
typedef uint16_t halvesMemory
    __attribute__((vector_size(RESNET_VECTOR_BYTES / 2), aligned(2), may_alias));

/** 16 bits into the lower half of each word, and back. Intrinsics, as for bytes below. */
RESNET_INLINE words widen(halves v) {
#if defined(__AVX512F__)
  return (words)_mm512_maskz_cvtepu16_epi32(0xffff, (__m256i)v);
#elif defined(__AVX2__)
  return (words)_mm256_cvtepu16_epi32((__m128i)v);
#else
  return __builtin_convertvector(v, words);
#endif
}

RESNET_INLINE halves narrow(words v) {
#if defined(__AVX512F__)
  return (halves)_mm512_maskz_cvtepi32_epi16(0xffff, (__m512i)v);
#elif defined(__AVX2__)
  const __m256i packed = _mm256_packus_epi32((__m256i)v, (__m256i)v);
  return (halves)_mm256_castsi256_si128(_mm256_permute4x64_epi64(packed, 0x08));
#else
  return __builtin_convertvector(v, halves);
#endif
}

/**
 * Rounds to bf16, ties to even, into the lower half of each word; NaN becomes quiet. The
 * processor's own conversion takes subnormals for zeros.
 */
RESNET_INLINE words roundBits(vec v) {
#if defined(__AVX512BF16__)
  return widen((halves)_mm512_cvtneps_pbh((__m512)v));
#else
  const words bits = (words)v;
  const words rounded = (bits + 0x7fff + ((bits >> 16) & 1)) >> 16;
  return (bits & 0x7fffffff) > 0x7f800000 ? (bits >> 16) | 0x40 : rounded;
#endif
}
RESNET_INLINE uint16_t roundBits(float v) {
  uint32_t bits;
  __builtin_memcpy(&bits, &v, sizeof bits);
  const uint32_t rounded = (bits + 0x7fff + ((bits >> 16) & 1)) >> 16;
  return static_cast<uint16_t>((bits & 0x7fffffff) > 0x7f800000 ? (bits >> 16) | 0x40 : rounded);
}

/** The bits of bf16 values, as roundBits gives them. */
RESNET_INLINE words loadBits(const bf16* p) {
  return widen((halves)*reinterpret_cast<const halvesMemory*>(p));
}
RESNET_INLINE words loadBits(const float* p) { return roundBits(load(p)); }
RESNET_INLINE uint16_t oneBits(const bf16* p) { return p->bits; }
RESNET_INLINE uint16_t oneBits(const float* p) { return roundBits(*p); }

RESNET_INLINE vec load(const bf16* p) { return (vec)(loadBits(p) << 16); }
RESNET_INLINE void store(bf16* p, vec v) {
#if defined(__AVX512BF16__)
  *reinterpret_cast<halvesMemory*>(p) = (halves)_mm512_cvtneps_pbh((__m512)v);
#else
  *reinterpret_cast<halvesMemory*>(p) = narrow(roundBits(v));
#endif
}

RESNET_INLINE float toFloat(float v) { return v; }
RESNET_INLINE float toFloat(bf16 v) {
  const uint32_t bits = static_cast<uint32_t>(v.bits) << 16;
  float value;
  __builtin_memcpy(&value, &bits, sizeof value);
  return value;
}

/** As many integers as `vec` has floats: the result of comparing two of them. */
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
  const __m128i shorts = _mm_packus_epi32(_mm256_castsi256_si128(whole),
                                         _mm256_extracti128_si256(whole, 1));
  _mm_storel_epi64(reinterpret_cast<__m128i*>(p), _mm_packus_epi16(shorts, shorts));
#else
  RESNET_UNROLL
  for (long i = 0; i < lanes; i++) p[i] = static_cast<uint8_t>(v[i]);
#endif
}

// The same for a vector and for one value, so that a formula is written once for both.
struct Wide {};
struct One {};

template <class T>
RESNET_INLINE vec get(Wide, const T* p) { return load(p); }
template <class T>
RESNET_INLINE float get(One, const T* p) { return toFloat(*p); }
template <class T>
RESNET_INLINE void put(T* p, vec v) { store(p, v); }
RESNET_INLINE void put(float* p, float v) { *p = v; }
RESNET_INLINE void put(bf16* p, float v) { p->bits = roundBits(v); }

/** Calls step(Wide, i) for every whole vector of 0 … n−1, then step(One, i) for what is left. */
template <class Step>
RESNET_INLINE void forLanes(long n, const Step& step) {
  long i = 0;
  for (; i + lanes <= n; i += lanes) step(Wide{}, i);
  for (; i < n; i++) step(One{}, i);
}

}  // namespace
}  // namespace RESNET_ISA
}  // namespace resnet
