// brgemm_bf16_tile.h
//
//   C[rows, NV·lanes] (+)= Σ_t A_t[rows, k] · B_t[k, NV·lanes]        bf16, summed in float32
//
// The body of the batch-reduce GEMM on bf16, in the tiles of brgemm_f32_tile.h. Products are taken
// in pairs of k: one word holds A's (k, k + 1) of a row, a vector of words B's of as many columns.
//
// Operands   A is read word by word and broadcast. Row-major (`lda` elements between rows, k
//            contiguous) it needs no packing, whatever its alignment; an odd last k is read alone.
//            Transposed, it is packed in pairs: [k/2][tile.rows][2], padded with zeros to an even k.
//            B is packed in pairs ("VNNI"): [k/2][tile.columns][2], zeros where k is odd.
//            C is float32, as in brgemm_f32_tile.h.
// Rounding   AVX512-BF16: each pair is one vdpbf16ps, which takes subnormals for zeros; elsewhere
//            two multiply-adds, k before k + 1. Chains run t outer, k inner, as for float32.
// Source     method: Georganas et al. 2019, arXiv:1906.06440 (batch-reduce GEMM).

#pragma once
#include "declare.h"
#include "fetch_strip.h"
#include "simd.h"
#include "tile_size.h"

namespace resnet {
namespace RESNET_ISA {
namespace {

RESNET_INLINE words loadWords(const bf16* p) { return *reinterpret_cast<const wordsMemory*>(p); }

/** A pair of one row, or the last k alone with a zero. */
template <bool Single>
RESNET_INLINE uint32_t loadPair(const bf16* p) {
  if (Single) return p->bits;
  uint32_t pair;
  __builtin_memcpy(&pair, p, sizeof pair);
  return pair;
}

#if defined(__AVX512BF16__)
constexpr int productsPerPair = 1;

/** The whole of a pair: what one instruction multiplies. */
template <int Part>
RESNET_INLINE words partOf(words pair) { return pair; }

RESNET_INLINE vec multiplyAdd(vec acc, words a, words b) {
  return (vec)_mm512_dpbf16_ps((__m512)acc, (__m512bh)a, (__m512bh)b);
}
#else
constexpr int productsPerPair = 2;

/** The values of k, or of k + 1, widened to float32. */
template <int Part>
RESNET_INLINE words partOf(words pair) {
  if (Part == 0) return pair << 16;
#if defined(__SSE2__) && !defined(__AVX512F__)
  pair >>= 16;  // A mask would take one of the 16 registers, and the sums leave none.
  __asm__("" : "+x"(pair));
  return pair << 16;
#else
  return pair & 0xffff0000u;
#endif
}

RESNET_INLINE vec multiplyAdd(vec acc, words a, words b) { return acc + (vec)a * (vec)b; }
#endif

/** One product of a pair in k. Rows are addressed from every third pointer: they fit in registers. */
template <int Rows, int NV, bool Transposed, bool Single, int Part>
RESNET_INLINE void pairProduct(vec (&acc)[Rows][NV], const bf16* const (&a)[(Rows + 2) / 3],
                               const bf16* b, long lda, long k) {
  words row[NV];
  RESNET_UNROLL
  for (int j = 0; j < NV; j++) row[j] = partOf<Part>(loadWords(b + 2 * j * lanes));
  RESNET_UNROLL
  for (int i = 0; i < Rows; i++) {
    const words x = words{} + (Transposed ? loadPair<false>(a[0] + 2 * i)
                                          : loadPair<Single>(a[i / 3] + (i % 3) * lda + k));
    RESNET_UNROLL
    for (int j = 0; j < NV; j++) acc[i][j] = multiplyAdd(acc[i][j], partOf<Part>(x), row[j]);
  }
}

/** One pair in k. */
template <int Rows, int NV, bool Transposed, bool Single>
RESNET_INLINE void pairStep(vec (&acc)[Rows][NV], const bf16* const (&a)[(Rows + 2) / 3],
                            const bf16* b, long lda, long k) {
  pairProduct<Rows, NV, Transposed, Single, 0>(acc, a, b, lda, k);
  if constexpr (productsPerPair == 2 && !Single) {
    // Pairs are read again: the 16 registers of AVX2 and SSE do not hold both halves beside the sums.
    __asm__ volatile("" ::: "memory");
    pairProduct<Rows, NV, Transposed, Single, 1>(acc, a, b, lda, k);
  }
}

template <int Rows, int NV, bool Transposed>
void pairTile(const BrgemmCall<bf16>& call) {
  vec acc[Rows][NV];
  RESNET_UNROLL
  for (int i = 0; i < Rows; i++) {
    RESNET_UNROLL
    for (int j = 0; j < NV; j++) {
      acc[i][j] = call.accumulate ? load(call.c + i * call.ldc + j * lanes) : vec{};
    }
  }
  constexpr long aStep = 2 * tile<bf16>.rows, bStep = 2 * tile<bf16>.columns;
  const long lda = call.lda, depth = call.k;
  [[maybe_unused]] long strip = 0;
  for (long t = 0; t < call.tapCount; t++) {
    const bf16* b = call.taps[t].b + call.bOffset;
    const bf16* a[(Rows + 2) / 3];
    RESNET_UNROLL
    for (int i = 0; i < (Rows + 2) / 3; i++) {
      a[i] = call.taps[t].a + call.aOffset + 3 * i * lda;
    }
    if (Transposed) {
      for (long k = 0; k < depth; k += 2, b += bStep, a[0] += aStep) {
        pairStep<Rows, NV, true, false>(acc, a, b, lda, 0);
      }
    } else {
      long k = 0;
      while (k + 2 <= depth) {
        const long end = k + stripDepth<bf16> < depth ? k + stripDepth<bf16> : depth;
        if constexpr (productsPerPair == 1) fetchStrip<Rows>(call, strip++, t, k);
        for (; k + 2 <= end; k += 2, b += bStep) {
          pairStep<Rows, NV, false, false>(acc, a, b, lda, k);
        }
      }
      if (k < depth) pairStep<Rows, NV, false, true>(acc, a, b, lda, k);
    }
  }
  RESNET_UNROLL
  for (int i = 0; i < Rows; i++) {
    RESNET_UNROLL
    for (int j = 0; j < NV; j++) store(call.c + i * call.ldc + j * lanes, acc[i][j]);
  }
}

template <int Rows, int NV>
void pairRows(const BrgemmCall<bf16>& call) {
  if constexpr (Rows > 0) {
    if (call.rows == Rows) {
      return call.transposed ? pairTile<Rows, NV, true>(call) : pairTile<Rows, NV, false>(call);
    }
    return pairRows<Rows - 1, NV>(call);
  }
}

}  // namespace

/** There is nothing to claim: vector registers are always there. */
void beginProducts() {}
void endProducts() {}

}  // namespace RESNET_ISA
}  // namespace resnet
