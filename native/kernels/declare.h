// declare.h: the kernels of this translation unit's instruction set, each in its own namespace.

#pragma once
#include "kernels.h"

namespace resnet {
namespace RESNET_ISA {

#define RESNET_DECLARE(name, arguments) void name arguments;
RESNET_KERNELS(RESNET_DECLARE)
RESNET_ELEMENT_KERNELS(RESNET_DECLARE, float)
RESNET_ELEMENT_KERNELS(RESNET_DECLARE, bf16)
#undef RESNET_DECLARE

}  // namespace RESNET_ISA
}  // namespace resnet
