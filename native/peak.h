// peak.h: what this machine can do at most, measured. The roofline of the benchmark.

#pragma once

namespace resnet {

struct Peak {
  double flopsPerSecond;  // multiply-adds in registers, on the instruction set in use
  double bytesPerSecond;  // a = b + s · c over arrays that no cache holds: two reads and a write
};

/** Takes about half a second. @throws EngineError ERR_MEMORY, ERR_ISA */
Peak measurePeak(int threads);

}  // namespace resnet
