// brgemm_f32_avx2_3x32.cc
//
//   C[12, 32] (+)= Σ_t A_t[12, K] · B_t[K, 32]        float32, AVX2 + FMA
//
// The batch-reduce GEMM in register tiles of 3 rows and 32 columns, or of 6 and 16 where C has no more
// columns; contract, rounding and source in brgemm_f32_tile.h.
//
// Wide rather than tall: per 12 multiply-adds, 3 values of A are broadcast and 4 vectors of B loaded,
// an instruction fewer than 6 by 2 needs. A core does both at full speed while it is alone; where
// the other hyperthread of the core works too, it is the instructions that are short. For that, B
// has to come from the first-level cache (Tile::panelDepth).
//
// Caller     conv/: calls this only where AVX2 and FMA were detected.
// Registers  12 accumulators (3 × 4 vectors) + 1 of B + 3 of A = 16 of 16 ymm.

#include "brgemm_f32_tile.h"
#include "tile_size.h"

namespace resnet {
namespace RESNET_ISA {

static_assert(tile<float>.rows % 6 == 0 && tile<float>.columns == 4 * lanes, "whole tiles");

void brgemm(const BrgemmCall<float>* call) {
  if (call->columns <= 2 * lanes) brgemmOf<6, 2>(*call);
  else brgemmOf<3, 4>(*call);
}

}  // namespace RESNET_ISA
}  // namespace resnet
