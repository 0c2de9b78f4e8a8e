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

template <class T>
void runAll(Reduction function, const T* x, long n, double* total) {
  if (function == Reduction::sum) {
    *total += sumOf(x, n);
    return;
  }
  float best = static_cast<float>(*total);
  if (function == Reduction::max) {
    for (long i = 0; i < n; i++) {
      const float value = toFloat(x[i]);
      best = value > best || value != value ? value : best;
    }
  } else {
    for (long i = 0; i < n; i++) {
      const float value = toFloat(x[i]);
      best = value < best || value != value ? value : best;
    }
  }
  *total = static_cast<double>(best);
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
