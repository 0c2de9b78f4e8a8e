// avx2.cc: the table of the kernels compiled for AVX2 and FMA.

#include "table.h"

namespace resnet {

extern const Kernels avx2Kernels = RESNET_TABLE("avx2");

}  // namespace resnet
