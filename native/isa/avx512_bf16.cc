// avx512_bf16.cc: the table of the kernels compiled for AVX-512F, BW, DQ, VL and BF16.

#include "table.h"

namespace resnet {

extern const Kernels avx512Bf16Kernels = RESNET_TABLE("avx512_bf16");

}  // namespace resnet
