// peak.h: measures the peak rates of this machine, for the roofline of the benchmark.

#pragma once

namespace resnet {

struct Peak {
  double flopsPerSecond;      // multiply-adds in registers, on the instruction set in use
  double bf16FlopsPerSecond;  // the same on values that were bf16, summed in float
  double bytesPerSecond;      // a = b + s · c over arrays that no cache holds: two reads and a write
};

/** Takes less than a second. @throws EngineError ERR_MEMORY, ERR_ISA */
Peak measurePeak(int threads);

}  // namespace resnet
