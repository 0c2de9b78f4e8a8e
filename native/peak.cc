#include "peak.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <vector>

#include "conv/conv_shape.h"
#include "cpu.h"
#include "memory.h"
#include "thread_pool.h"

namespace resnet {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int repeats = 20;                  // at least; the best counts: other work only slows
constexpr long rounds = 1L << 19;            // a few milliseconds of multiply-adds
constexpr long triadFloats = 24L << 20;      // of each of the three arrays: 96 MiB
constexpr auto patience = std::chrono::milliseconds(50);
constexpr auto shortest = std::chrono::milliseconds(200);  // by then, each thread has a core

/** Returns when as many tasks as were missing have come; without them, if their threads do not. */
void waitForOthers(std::atomic<int>& missing) {
  missing.fetch_sub(1);
  const auto giveUp = Clock::now() + patience;
  while (missing.load() > 0 && Clock::now() < giveUp) {
  }
}

/**
 * Seconds of the fastest of some repetitions of fn(thread), from the first thread's begin to the
 * last one's end. A repetition is shorter than what waking a thread can take, so threads wait for
 * each other first: otherwise the one that is awake would do the work of all.
 */
template <class Fn>
double fastest(ThreadPool& pool, const Fn& fn) {
  const size_t threads = static_cast<size_t>(pool.threads());
  std::vector<Clock::time_point> begins(threads), ends(threads);
  double best = 1e9;
  const auto enough = Clock::now() + shortest;
  for (int i = 0; i < repeats || Clock::now() < enough; i++) {
    std::atomic<int> missing{pool.threads()};
    pool.parallelFor(pool.threads(), [&](long task, int) {
      waitForOthers(missing);
      begins[static_cast<size_t>(task)] = Clock::now();
      fn(task);
      ends[static_cast<size_t>(task)] = Clock::now();
    });
    const auto begin = *std::min_element(begins.begin(), begins.end());
    const auto end = *std::max_element(ends.begin(), ends.end());
    best = std::min(best, std::chrono::duration<double>(end - begin).count());
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
    const double seconds = fastest(pool, [&](long thread) {
      Sum& sum = sums[static_cast<size_t>(thread)];
      loop(rounds, sum.values, &sum.flops);
    });
    return sums[0].flops * threads / seconds;
  };
  const double flops = arithmetic(kernels.multiplyAddLoop);
  const double bf16Flops = arithmetic(kernels.multiplyAddBf16Loop);

  const size_t bytes = sizeof(float) * static_cast<size_t>(triadFloats);
  Block a(bytes), b(bytes), c(bytes);
  const auto at = [](const Block& block, long i) { return reinterpret_cast<float*>(block.data()) + i; };
  const Split shares(triadFloats, (triadFloats + threads - 1) / threads);
  pool.parallelFor(shares.pieces, [&](long i, int) {
    for (const Block* block : {&a, &b, &c}) kernels.fill(1, at(*block, shares.begin(i)), shares.size(i));
  });
  const double memory = fastest(pool, [&](long thread) {
    const long begin = shares.begin(thread);
    kernels.triad(at(b, begin), at(c, begin), 0.5f, at(a, begin), shares.size(thread));
  });
  return {flops, bf16Flops, 3.0 * static_cast<double>(bytes) / memory};
}

}  // namespace resnet
