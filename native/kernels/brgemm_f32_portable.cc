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

namespace resnet {
namespace RESNET_ISA {

#if defined(__aarch64__)
constexpr int rows = 8, vectors = 3;
#else
constexpr int rows = 6, vectors = 2;
#endif

const int brgemmTileRows = rows;
const int brgemmTileColumns = vectors * static_cast<int>(lanes);

void brgemm(const BrgemmCall* call) { brgemmRows<rows, vectors>(*call); }

}  // namespace RESNET_ISA
}  // namespace resnet
