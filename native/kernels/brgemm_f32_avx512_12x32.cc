// brgemm_f32_avx512_12x32.cc
//
//   C[12, 32] (+)= Σ_t A_t[12, K] · B_t[K, 32]        float32, AVX-512F
//
// One register tile of the batch-reduce GEMM, and its siblings of 1 to 11 rows; contract, rounding
// and source in brgemm_f32_tile.h.
//
// Caller     conv/: calls this only where AVX-512F was detected.
// Registers  24 accumulators (12 × 2 vectors) + 2 of B + 1 of A = 27 of 32 zmm.

#include "brgemm_f32_tile.h"
#include "tile_size.h"

namespace resnet {
namespace RESNET_ISA {

static_assert(tileRows == 12 && tileColumns == 32, "the name of this file");

void brgemm(const BrgemmCall<float>* call) { brgemmOf<tileRows, tileVectors>(*call); }

}  // namespace RESNET_ISA
}  // namespace resnet
