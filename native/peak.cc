#include "peak.h"

#include <algorithm>
#include <chrono>
#include <vector>

#include "cpu.h"
#include "memory.h"
#include "thread_pool.h"

namespace resnet {
namespace {

constexpr int repeats = 20;                  // the best counts: other work on the machine only slows
constexpr long rounds = 1L << 19;            // a few milliseconds of multiply-adds
constexpr long triadFloats = 24L << 20;      // of each of the three arrays: 96 MiB
constexpr long blockFloats = 1L << 18;

/** Seconds of the fastest of some repetitions. */
template <class Fn>
double fastest(const Fn& fn) {
  double best = 1e9;
  for (int i = 0; i < repeats; i++) {
    const auto start = std::chrono::steady_clock::now();
    fn();
    const auto end = std::chrono::steady_clock::now();
    best = std::min(best, std::chrono::duration<double>(end - start).count());
  }
  return best;
}

}  // namespace

Peak measurePeak(int threads) {
  const Kernels& kernels = selectKernels();
  ThreadPool pool(threads);
  struct alignas(64) Sum {
    float values[16];
    double flops;
  };
  std::vector<Sum> sums(static_cast<size_t>(threads));
  const auto arithmetic = [&](decltype(kernels.multiplyAddLoop) loop) {
    const double seconds = fastest([&] {
      pool.parallelFor(threads, [&](long task, int) {
        Sum& sum = sums[static_cast<size_t>(task)];
        loop(rounds, sum.values, &sum.flops);
      });
    });
    return sums[0].flops * threads / seconds;
  };
  const double flops = arithmetic(kernels.multiplyAddLoop);
  const double bf16Flops = arithmetic(kernels.multiplyAddBf16Loop);

  const size_t bytes = sizeof(float) * static_cast<size_t>(triadFloats);
  Block a(bytes), b(bytes), c(bytes);
  const auto at = [](const Block& block, long i) { return reinterpret_cast<float*>(block.data()) + i; };
  const long blocks = triadFloats / blockFloats;
  pool.parallelFor(blocks, [&](long i, int) {
    for (const Block* block : {&a, &b, &c}) kernels.fill(1, at(*block, i * blockFloats), blockFloats);
  });
  const double memory = fastest([&] {
    pool.parallelFor(blocks, [&](long i, int) {
      const long begin = i * blockFloats;
      kernels.triad(at(b, begin), at(c, begin), 0.5f, at(a, begin), blockFloats);
    });
  });
  return {flops, bf16Flops, 3.0 * static_cast<double>(bytes) / memory};
}

}  // namespace resnet
