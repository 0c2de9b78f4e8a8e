// portable.cc: the table of the kernels compiled for any processor.

#include "table.h"

namespace resnet {

extern const Kernels portableKernels = RESNET_TABLE("portable");

}  // namespace resnet
