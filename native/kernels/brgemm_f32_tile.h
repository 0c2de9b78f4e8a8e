// brgemm_f32_tile.h
//
//   C[rows, NV·lanes] (+)= Σ_t A_t[rows, k] · B_t[k, NV·lanes]        float32
//
// The body of the batch-reduce GEMM behind conv2d and linear. The files
// brgemm_f32_<isa>_<rows>x<columns>.cc instantiate it with the tile that fits their registers. A call
// of more rows is taken so many at a time; there is a tile for every smaller number, so that a
// remainder of rows costs only its share.
//
// Operands   A is read element by element and broadcast, so that it may lie either way round:
//            row-major (`lda` floats between rows, k contiguous), or transposed (rows contiguous,
//            a whole tile of rows between k). B is a panel: rows of a tile's columns.
//            C is row-major with `ldc` floats between rows; it is read (where accumulating) and
//            written once. No alignment needed. A and B may overlap each other, not C.
// Rounding   each element of C is one chain of multiply-adds, t outer, k inner: the same for any
//            number of threads and for any split into tiles.
// Source     method: Georganas et al. 2019, arXiv:1906.06440 (batch-reduce GEMM).

#pragma once
#include "declare.h"
#include "fetch_strip.h"
#include "simd.h"
#include "tile_size.h"

namespace resnet {
namespace RESNET_ISA {
namespace {

constexpr long panelColumns = tile<float>.columns;

/** Whether A and B lie in the first-level cache, so that k needs no strips (fetch_strip.h). */
constexpr bool bInL1 = tile<float>.panelDepth > 0;

/**
 * One step in k. The operand with fewer vectors waits in registers while the other's vectors come and
 * go. Rows are addressed from every third pointer: pointers fit in registers.
 */
template <int Rows, int NV, bool Transposed>
RESNET_INLINE void brgemmStep(vec (&acc)[Rows][NV], const float* const (&a)[(Rows + 2) / 3],
                              const float* b, long lda, long k) {
  const auto value = [&](int i) { return Transposed ? a[0][i + k] : a[i / 3][(i % 3) * lda + k]; };
  if constexpr (Rows < NV) {
    float x[Rows];
    RESNET_UNROLL
    for (int i = 0; i < Rows; i++) x[i] = value(i);
    RESNET_UNROLL
    for (int j = 0; j < NV; j++) {
      const vec row = load(b + j * lanes);
      RESNET_UNROLL
      for (int i = 0; i < Rows; i++) acc[i][j] += x[i] * row;
    }
  } else {
    vec row[NV];
    RESNET_UNROLL
    for (int j = 0; j < NV; j++) row[j] = load(b + j * lanes);
    RESNET_UNROLL
    for (int i = 0; i < Rows; i++) {
      const float x = value(i);
      RESNET_UNROLL
      for (int j = 0; j < NV; j++) acc[i][j] += x * row[j];
    }
  }
}

/** `depth` steps in k, after which the pointers are past them. */
template <int Steps, int Rows, int NV, bool Transposed>
RESNET_INLINE void brgemmSteps(long depth, vec (&acc)[Rows][NV],
                               const float* (&a)[(Rows + 2) / 3], const float*& b, long lda) {
  constexpr long aks = Transposed ? tile<float>.rows : 1;
  for (; depth >= Steps; depth -= Steps, b += Steps * panelColumns) {
    RESNET_UNROLL
    for (int s = 0; s < Steps; s++) {
      brgemmStep<Rows, NV, Transposed>(acc, a, b + s * panelColumns, lda, s * aks);
    }
    RESNET_UNROLL
    for (int i = 0; i < (Rows + 2) / 3; i++) a[i] += Steps * aks;
  }
  if constexpr (Steps > 1) brgemmSteps<1, Rows, NV, Transposed>(depth, acc, a, b, lda);
}

/** `Rows` rows of the call, from `first` on. */
template <int Rows, int NV, bool Transposed>
RESNET_INLINE void brgemmTile(const BrgemmCall<float>& call, long first) {
  const long lda = call.lda, ldc = call.ldc, depth = call.k;
  const long aOffset = call.aOffset + first * lda;
  float* c = call.c + first * ldc;
  vec acc[Rows][NV];
  RESNET_UNROLL
  for (int i = 0; i < Rows; i++) {
    RESNET_UNROLL
    for (int j = 0; j < NV; j++) acc[i][j] = call.accumulate ? load(c + i * ldc + j * lanes) : vec{};
  }
  [[maybe_unused]] long strip = 0;
  for (long t = 0; t < call.tapCount; t++) {
    const float* b = call.taps[t].b + call.bOffset;
    const float* a[(Rows + 2) / 3];
    RESNET_UNROLL
    for (int i = 0; i < (Rows + 2) / 3; i++) a[i] = call.taps[t].a + aOffset + 3 * i * lda;
    if constexpr (bInL1 || Transposed) {
      // Steps of few instructions are unrolled by four, because the overhead of the loop would be noticeable.
      brgemmSteps<Rows < NV ? 4 : 1, Rows, NV, Transposed>(depth, acc, a, b, lda);
    } else {
      for (long k = 0; k < depth; k += stripDepth<float>) {
        fetchStrip<Rows>(call, strip++, t, k);
        const long steps = k + stripDepth<float> < depth ? stripDepth<float> : depth - k;
        brgemmSteps<1, Rows, NV, false>(steps, acc, a, b, lda);
      }
    }
  }
  RESNET_UNROLL
  for (int i = 0; i < Rows; i++) {
    RESNET_UNROLL
    for (int j = 0; j < NV; j++) store(c + i * ldc + j * lanes, acc[i][j]);
  }
}

/** As many rows of the call at a time as registers hold, from `first` on, and then the rest. */
template <int Rows, int NV, bool Transposed>
void brgemmTiles(const BrgemmCall<float>& call, long first) {
  if constexpr (Rows > 0) {
    for (; call.rows - first >= Rows; first += Rows) {
      if constexpr (bInL1) fetchShare<Rows>(call, first);
      brgemmTile<Rows, NV, Transposed>(call, first);
    }
    if (first < call.rows) brgemmTiles<Rows - 1, NV, Transposed>(call, first);
  }
}

template <int Rows, int NV>
void brgemmOf(const BrgemmCall<float>& call) {
  if (call.transposed) brgemmTiles<Rows, NV, true>(call, 0);
  else brgemmTiles<Rows, NV, false>(call, 0);
}

}  // namespace
}  // namespace RESNET_ISA
}  // namespace resnet
