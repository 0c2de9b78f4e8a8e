// table.h: the table of the kernels compiled for this translation unit's instruction set.

#pragma once
#include "../kernels/declare.h"
#include "../kernels/tile_size.h"

#define RESNET_ENTRY(name, arguments) RESNET_ISA::name,
#define RESNET_TABLE(isa)                              \
  {                                                    \
    isa, RESNET_ISA::multipliesBf16,                   \
    RESNET_KERNELS(RESNET_ENTRY)                       \
    {RESNET_ISA::tile<float>, RESNET_ELEMENT_KERNELS(RESNET_ENTRY, float)}, \
    {RESNET_ISA::tile<bf16>, RESNET_ELEMENT_KERNELS(RESNET_ENTRY, bf16)},   \
  }
