// brgemm_bf16_widened.cc
//
//   C[R, S] (+)= Σ_t A_t[R, K] · B_t[K, S]        bf16 in, float32 sums, any processor
//
// One register tile of the batch-reduce GEMM, and its siblings of fewer rows, where there is no
// instruction for products of bf16: every pair is widened to float32 first, which is exact. Right
// rather than fast: such processors are better off training in float32. Contract, rounding and
// source in brgemm_bf16_tile.h.

#include "brgemm_bf16_tile.h"
#include "tile_size.h"

namespace resnet {
namespace RESNET_ISA {

void brgemm(const BrgemmCall<bf16>* call) { pairRows<tileRows, tileVectors>(*call); }

}  // namespace RESNET_ISA
}  // namespace resnet
