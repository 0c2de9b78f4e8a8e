// cpu.h: the instruction sets of this processor, and the number of threads for this process.

#pragma once
#include <string>
#include <vector>

#include "kernels/kernels.h"

namespace resnet {

/** Names of the instruction sets this processor and operating system support, best first. */
std::vector<std::string> supportedIsas();

/**
 * The kernels to use: the best supported, or those that the environment's RESNET_ISA names.
 *
 * @throws EngineError ERR_ISA if RESNET_ISA is unknown or not supported here
 */
const Kernels& selectKernels();

/** Processors this process may use, by affinity and by its control group's quota; at least 1. */
int availableThreads();

/** Of these, distinct physical cores; equal to availableThreads where that is not visible. */
int physicalCores();

}  // namespace resnet
