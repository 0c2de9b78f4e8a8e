// avx2.cc: the table of the kernels compiled for AVX2 and FMA.

#include "../kernels/declare.h"
#include "../kernels/tile_size.h"

namespace resnet {

extern const Kernels avx2Kernels = {
    "avx2",
    RESNET_ISA::tileRows,
    RESNET_ISA::tileColumns,
#define RESNET_ENTRY(name, arguments) RESNET_ISA::name,
    RESNET_KERNELS(RESNET_ENTRY)
#undef RESNET_ENTRY
};

}  // namespace resnet
