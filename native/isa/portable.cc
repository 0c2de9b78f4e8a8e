// portable.cc: the table of the kernels compiled for any processor.

#include "../kernels/declare.h"

namespace resnet {

extern const Kernels portableKernels = {
    "portable",
    &RESNET_ISA::brgemmTileRows,
    &RESNET_ISA::brgemmTileColumns,
#define RESNET_ENTRY(name, arguments) RESNET_ISA::name,
    RESNET_KERNELS(RESNET_ENTRY)
#undef RESNET_ENTRY
};

}  // namespace resnet
