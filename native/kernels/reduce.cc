// reduce.cc
//
// Sums and extrema of runs, and of many runs side by side. Sums are in double, but for at most 1,024 values at a time, which the
// lanes of a few vectors share. NaN stays NaN.

#include "declare.h"
#include "simd.h"

namespace resnet {
namespace RESNET_ISA {
namespace {

RESNET_INLINE double combined(Reduction function, double total, double x) {
  if (function == Reduction::sum) return total + x;
  const bool wins = function == Reduction::max ? x > total : x < total;
  return wins || x != x ? x : total;
}

template <class T>
double sumOf(const T* x, long n) {
  constexpr long vectors = 4, most = 1024;
  double total = 0;
  for (long begin = 0; begin < n; begin += most) {
    const long end = begin + most < n ? begin + most : n;
    vec sums[vectors] = {};
    long i = begin;
    for (; i + vectors * lanes <= end; i += vectors * lanes) {
      RESNET_UNROLL
      for (long v = 0; v < vectors; v++) sums[v] += load(x + i + v * lanes);
    }
    for (; i < end; i++) total += static_cast<double>(toFloat(x[i]));
    for (long v = 0; v < vectors; v++) {
      for (long lane = 0; lane < lanes; lane++) total += static_cast<double>(sums[v][lane]);
    }
  }
  return total;
}

/** The largest value of x and `start`, or the smallest; NaN if there is one. */
template <bool Largest, class T>
double extremumOf(const T* x, long n, double start) {
  constexpr long vectors = 4;
  vec best[vectors];
  for (vec& each : best) each = vec{} + static_cast<float>(start);
  long i = 0;
  for (; i + vectors * lanes <= n; i += vectors * lanes) {
    RESNET_UNROLL
    for (long v = 0; v < vectors; v++) {
      const vec value = load(x + i + v * lanes);
      const intVec wins = (Largest ? value > best[v] : value < best[v]) | (value != value);
      best[v] = wins ? value : best[v];
    }
  }
  constexpr Reduction function = Largest ? Reduction::max : Reduction::min;
  double total = start;
  for (; i < n; i++) total = combined(function, total, static_cast<double>(toFloat(x[i])));
  for (const vec& each : best) {
    for (long lane = 0; lane < lanes; lane++) {
      total = combined(function, total, static_cast<double>(each[lane]));
    }
  }
  return total;
}

template <class T>
void runAll(Reduction function, const T* x, long n, double* total) {
  if (function == Reduction::sum) {
    *total += sumOf(x, n);
    return;
  }
  *total = function == Reduction::max ? extremumOf<true>(x, n, *total) : extremumOf<false>(x, n, *total);
}

template <class T>
void columnsAll(Reduction function, const T* x, long n, double* totals) {
  if (function == Reduction::sum) {
    for (long i = 0; i < n; i++) totals[i] += static_cast<double>(toFloat(x[i]));
  } else {
    for (long i = 0; i < n; i++) {
      totals[i] = combined(function, totals[i], static_cast<double>(toFloat(x[i])));
    }
  }
}

}  // namespace

#define RESNET_REDUCE(T)                                                            \
  void reduceRun(Reduction function, const T* x, long n, double* total) {           \
    runAll(function, x, n, total);                                                  \
  }                                                                                 \
  void reduceColumns(Reduction function, const T* x, long n, double* totals) {      \
    columnsAll(function, x, n, totals);                                             \
  }

RESNET_REDUCE(float)
RESNET_REDUCE(bf16)

}  // namespace RESNET_ISA
}  // namespace resnet
