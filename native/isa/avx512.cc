// avx512.cc: the table of the kernels compiled for AVX-512F, BW, DQ and VL.

#include "table.h"

namespace resnet {

extern const Kernels avx512Kernels = RESNET_TABLE("avx512");

}  // namespace resnet
