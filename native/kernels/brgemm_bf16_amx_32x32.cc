// brgemm_bf16_amx_32x32.cc
//
//   C[32, 32] (+)= Σ_t A_t[32, K] · B_t[K, 32]        bf16 in, float32 sums, AMX-BF16
//
// One tile of the batch-reduce GEMM, and its siblings of 1 to 31 rows.
//
// Caller     conv/: only where AMX was detected and the system lets the process use it, and only
//            between beginProducts and endProducts.
// Operands   A is row-major (`lda` elements between rows, k contiguous), or packed and transposed:
//            [k/32][32][32], padded with zeros to whole blocks. B is packed in pairs,
//            [k/2][32][2], padded to whole blocks of 32 k. C is float32.
//            Where a row-major A ends within 32 values of k, those are copied beside zeros: what
//            follows in memory may be a NaN, and a NaN times B's zero is one.
// Registers  C in tiles 0 to 3, A in 4 and 5, B in 6 and 7: four products for four loads.
// Rounding   tile_registers.h, in steps of 32 along k; t outer, k inner.
// Source     method: Georganas et al. 2019, arXiv:1906.06440 (batch-reduce GEMM).

#include "declare.h"
#include "fetch_strip.h"
#include "tile_registers.h"
#include "tile_size.h"

namespace resnet {
namespace RESNET_ISA {
namespace {

constexpr long depth = tile<bf16>.depth;
static_assert(tile<bf16>.rows == 32 && tile<bf16>.columns == 32 && depth == 32,
              "the name of this file");

constexpr long half = tile<bf16>.columns / 2;

/** Rows of the block whose shapes the tiles have; 0 where they have none. */
thread_local int shapedRows = 0;

/** The last `columns` < 32 values of each row, and zeros: [rows][32]. */
__attribute__((noinline)) void copyCut(const bf16* a, long lda, int rows, long columns, bf16* to) {
  for (int row = 0; row < rows; row++, a += lda, to += depth) {
#if defined(__AVX512BW__)
    const __mmask32 some = (1u << columns) - 1;
    _mm512_storeu_si512(to, _mm512_maskz_loadu_epi16(some, a));
#else
    for (long k = 0; k < depth; k++) to[k] = k < columns ? a[k] : bf16{};
#endif
  }
}

/** Four products, or two where the block has no lower half: 32 values of k. */
template <bool Lower>
RESNET_INLINE void step(const bf16* a, long rowBytes, const bf16* b, long pairBytes) {
  loadTile<4>(a, rowBytes);
  loadTile<6>(b, pairBytes);
  loadTile<7>(b + 2 * half, pairBytes);  // behind 16 pairs
  multiplyTiles<0, 4, 6>();
  multiplyTiles<1, 4, 7>();
  if constexpr (Lower) {
    loadTile<5>(reinterpret_cast<const char*>(a) + rowsOfRegister * rowBytes, rowBytes);
    multiplyTiles<2, 5, 6>();
    multiplyTiles<3, 5, 7>();
  }
}

template <bool Lower>
void multiplyBlock(const BrgemmCall<bf16>& call) {
  const long sumBytes = call.ldc * static_cast<long>(sizeof(float));
  float* const upper = call.c;
  float* const lower = call.c + rowsOfRegister * call.ldc;
  if (call.accumulate) {
    loadTile<0>(upper, sumBytes);
    loadTile<1>(upper + half, sumBytes);
    if constexpr (Lower) loadTile<2>(lower, sumBytes), loadTile<3>(lower + half, sumBytes);
  } else {
    zeroTile<0>(), zeroTile<1>();
    if constexpr (Lower) zeroTile<2>(), zeroTile<3>();
  }
  const long rowBytes = 2 * (call.transposed ? depth : call.lda);
  const long aStep = call.transposed ? tile<bf16>.rows * depth : depth;
  constexpr long pairBytes = 4 * tile<bf16>.columns, bStep = tile<bf16>.columns * depth;
  long strip = 0;
  for (long t = 0; t < call.tapCount; t++) {
    const bf16* a = call.taps[t].a + call.aOffset;
    const bf16* b = call.taps[t].b + call.bOffset;
    long k = 0;
    for (; k + depth <= call.k; k += depth, a += aStep, b += bStep) {
      fetchWanted(call, strip++);
      fetchBelow(a + call.rows * call.lda, call.lda, call.rowsBelow);
      step<Lower>(a, rowBytes, b, pairBytes);
    }
    if (k < call.k) {
      alignas(64) bf16 cut[tile<bf16>.rows * depth];
      fetchWanted(call, strip++);
      copyCut(a, call.lda, call.rows, call.k - k, cut);
      step<Lower>(cut, 2 * depth, b, pairBytes);
    }
  }
  storeTile<0>(upper, sumBytes);
  storeTile<1>(upper + half, sumBytes);
  if constexpr (Lower) storeTile<2>(lower, sumBytes), storeTile<3>(lower + half, sumBytes);
}

}  // namespace

void beginProducts() { shapedRows = 0; }

void endProducts() {
  if (shapedRows != 0) releaseTiles();
  shapedRows = 0;
}

void brgemm(const BrgemmCall<bf16>* call) {
  if (shapedRows != call->rows) {
    setBlockShapes(call->rows);
    shapedRows = call->rows;
  }
  if (call->rows > rowsOfRegister) multiplyBlock<true>(*call);
  else multiplyBlock<false>(*call);
}

}  // namespace RESNET_ISA
}  // namespace resnet
