// brgemm_f32_portable.cc
//
//   C[R, S] (+)= Σ_t A_t[R, K] · B_t[K, S]        float32, vectors of four floats, any processor
//
// One register tile of the batch-reduce GEMM, and its siblings of fewer rows; contract, rounding
// and source in brgemm_f32_tile.h. 64-bit Arm has 32 vector registers and takes the larger tile.
//
// Registers  Arm: 24 accumulators (8 × 3 vectors) + 3 of B + 1 of A = 28 of 32;
//            elsewhere: 12 accumulators (6 × 2 vectors) + 2 of B + 1 of A = 15 of 16.

#include "brgemm_f32_tile.h"
#include "tile_size.h"

namespace resnet {
namespace RESNET_ISA {

void brgemm(const BrgemmCall<float>* call) { brgemmOf<tileRows, tileVectors>(*call); }

}  // namespace RESNET_ISA
}  // namespace resnet
