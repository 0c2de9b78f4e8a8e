// brgemm_f32_avx2_6x16.cc
//
//   C[6, 16] (+)= Σ_t A_t[6, K] · B_t[K, 16]        float32, AVX2 + FMA
//
// One register tile of the batch-reduce GEMM, and its siblings of 1 to 5 rows; contract, rounding
// and source in brgemm_f32_tile.h.
//
// Caller     conv/: calls this only where AVX2 and FMA were detected.
// Registers  12 accumulators (6 × 2 vectors) + 2 of B + 1 of A = 15 of 16 ymm.

#include "brgemm_f32_tile.h"
#include "tile_size.h"

namespace resnet {
namespace RESNET_ISA {

static_assert(tileRows == 6 && tileColumns == 16, "the name of this file");

void brgemm(const BrgemmCall<float>* call) { brgemmRows<tileRows, tileVectors>(*call); }

}  // namespace RESNET_ISA
}  // namespace resnet
