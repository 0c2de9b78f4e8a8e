// brgemm_f32_tile.h
//
//   C[rows, NV·lanes] (+)= Σ_t A_t[rows, k] · B_t[k, NV·lanes]        float32
//
// The body of the batch-reduce GEMM behind conv2d and linear. The files
// brgemm_f32_<isa>_<rows>x<columns>.cc instantiate it with the tile that fits their registers, for
// every number of rows up to the tile's own, so that a remainder of rows costs only its share.
//
// Operands   A is read element by element and broadcast, so that it may lie either way round:
//            row-major (`ars` floats between rows, k contiguous), or transposed (rows contiguous,
//            `aks` floats between k). B is row-major with `ldb` floats between k.
//            C is row-major with `ldc` floats between rows; it is read (where accumulating) and
//            written once. No alignment needed. A and B may overlap each other, not C.
// Rounding   each element of C is one chain of multiply-adds, t outer, k inner: the same for any
//            number of threads and for any split into tiles.
// Source     method: Georganas et al. 2019, arXiv:1906.06440 (batch-reduce GEMM).

#pragma once
#include "declare.h"
#include "fetch_strip.h"
#include "simd.h"

namespace resnet {
namespace RESNET_ISA {
namespace {

/** One step in k. Rows are addressed from every third pointer: pointers fit in registers. */
template <int Rows, int NV, bool Transposed>
RESNET_INLINE void brgemmStep(vec (&acc)[Rows][NV], const float* const (&a)[(Rows + 2) / 3],
                              const float* b, long ars, long k) {
  vec row[NV];
  RESNET_UNROLL
  for (int j = 0; j < NV; j++) row[j] = load(b + j * lanes);
  RESNET_UNROLL
  for (int i = 0; i < Rows; i++) {
    const float x = Transposed ? a[0][i] : a[i / 3][(i % 3) * ars + k];
    RESNET_UNROLL
    for (int j = 0; j < NV; j++) acc[i][j] += x * row[j];
  }
}

template <int Rows, int NV, bool Transposed>
void brgemmTile(const BrgemmCall<float>& call) {
  vec acc[Rows][NV];
  RESNET_UNROLL
  for (int i = 0; i < Rows; i++) {
    RESNET_UNROLL
    for (int j = 0; j < NV; j++) {
      acc[i][j] = call.accumulate ? load(call.c + i * call.ldc + j * lanes) : vec{};
    }
  }
  const long ars = call.ars, ldb = call.ldb, depth = call.k;
  Fetching fetching = {call.fetch, call.fetchB};
  for (long t = 0; t < call.tapCount; t++) {
    const float* b = call.taps[t].b + call.bOffset;
    const float* a[(Rows + 2) / 3];
    RESNET_UNROLL
    for (int i = 0; i < (Rows + 2) / 3; i++) {
      a[i] = call.taps[t].a + call.aOffset + 3 * i * ars;
    }
    if (Transposed) {
      for (long k = 0; k < depth; k++, b += ldb, a[0] += call.aks) {
        brgemmStep<Rows, NV, true>(acc, a, b, ars, 0);
      }
    } else {
      for (long k = 0; k < depth;) {
        const long end = k + stripDepth<float> < depth ? k + stripDepth<float> : depth;
        fetchStrip<Rows>(call, fetching, t, k);
        for (; k < end; k++, b += ldb) brgemmStep<Rows, NV, false>(acc, a, b, ars, k);
      }
    }
  }
  RESNET_UNROLL
  for (int i = 0; i < Rows; i++) {
    RESNET_UNROLL
    for (int j = 0; j < NV; j++) store(call.c + i * call.ldc + j * lanes, acc[i][j]);
  }
}

template <int Rows, int NV>
void brgemmRows(const BrgemmCall<float>& call) {
  if constexpr (Rows > 0) {
    if (call.rows == Rows) {
      return call.transposed ? brgemmTile<Rows, NV, true>(call) : brgemmTile<Rows, NV, false>(call);
    }
    return brgemmRows<Rows - 1, NV>(call);
  }
}

}  // namespace
}  // namespace RESNET_ISA
}  // namespace resnet
