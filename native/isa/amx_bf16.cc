// amx_bf16.cc: the table of the kernels compiled for AVX-512F, BW, DQ, VL, BF16 and AMX-BF16.

#include "table.h"

namespace resnet {

extern const Kernels amxBf16Kernels = RESNET_TABLE("amx_bf16");

}  // namespace resnet
