// avx2.cc: the table of the kernels compiled for AVX2 and FMA.

#include "../kernels/declare.h"

namespace resnet {

extern const Kernels avx2Kernels = {
    "avx2",
    &RESNET_ISA::brgemmTileRows,
    &RESNET_ISA::brgemmTileColumns,
#define RESNET_ENTRY(name, arguments) RESNET_ISA::name,
    RESNET_KERNELS(RESNET_ENTRY)
#undef RESNET_ENTRY
};

}  // namespace resnet
