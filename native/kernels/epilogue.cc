// epilogue.cc
//
// What happens to a block of a product while it is still in cache: scale, bias, residual and
// activation on its way to y, and the moments of its columns for batch norm. The moments are those
// of y as it is stored, rounded to bf16 where it is bf16: the values that batch norm will read.
//
// Rounding   moments are taken about the block's own mean, so that they lose nothing to
//            cancellation; the caller merges blocks in a fixed order, in double.

#include "activation.h"
#include "declare.h"
#include "simd.h"

namespace resnet {
namespace RESNET_ISA {
namespace {

template <Activation A, class T>
void epilogueRows(const EpilogueCall<T>& given) {
  const EpilogueCall<T> call = given;  // what is written to y cannot change it
  forLanes(call.columns, [&](auto lane, long j) {
    using Value = decltype(get(lane, call.c));
    const Value scale = call.scale ? get(lane, call.scale + j) : Value{};
    const Value bias = call.bias ? get(lane, call.bias + j) : Value{};
    for (long i = 0; i < call.rows; i++) {
      Value v = get(lane, call.c + i * call.ldc + j);
      if (call.scale) v *= scale;
      if (call.bias) v += bias;
      if (call.residual) v += get(lane, call.residual + i * call.ldy + j);
      put(call.y + i * call.ldy + j, activateValue<A>(v, call.slope));
    }
  });
}

template <class T>
void epilogueOf(const EpilogueCall<T>& call) {
  switch (call.activation) {
    case Activation::none: return epilogueRows<Activation::none>(call);
    case Activation::relu: return epilogueRows<Activation::relu>(call);
    case Activation::leakyRelu: return epilogueRows<Activation::leakyRelu>(call);
  }
}

/** Sum over rows of (x − mean)^Power, Power 1 (mean is 0) or 2, of one or a vector of columns. */
template <int Power, class T, class Lane, class V>
RESNET_INLINE V columnSum(Lane lane, const T* x, long ld, long rows, V mean) {
  V even = {}, odd = {};
  long i = 0;
  for (; i + 2 <= rows; i += 2) {
    const V a = get(lane, x + i * ld) - mean, b = get(lane, x + (i + 1) * ld) - mean;
    even += Power == 2 ? a * a : a;
    odd += Power == 2 ? b * b : b;
  }
  if (i < rows) {
    const V a = get(lane, x + i * ld) - mean;
    even += Power == 2 ? a * a : a;
  }
  return even + odd;
}

template <class T>
void columnMomentsOf(const T* x, long ld, long rows, long columns, float* mean, float* m2) {
  const float share = 1.0f / static_cast<float>(rows);
  forLanes(columns, [&](auto lane, long j) {
    const auto center = columnSum<1>(lane, x + j, ld, rows, decltype(get(lane, mean)){}) * share;
    put(mean + j, center);
    put(m2 + j, columnSum<2>(lane, x + j, ld, rows, center));
  });
}

template <class T>
void columnSumsOf(const T* x, long ld, long rows, long columns, float* sums) {
  forLanes(columns, [&](auto lane, long j) {
    put(sums + j, columnSum<1>(lane, x + j, ld, rows, decltype(get(lane, sums)){}));
  });
}

}  // namespace

#define RESNET_EPILOGUE(T)                                                                   \
  void epilogue(const EpilogueCall<T>* call) { epilogueOf(*call); }                          \
  void columnMoments(const T* x, long ld, long rows, long columns, float* mean, float* m2) { \
    columnMomentsOf(x, ld, rows, columns, mean, m2);                                         \
  }                                                                                          \
  void columnSums(const T* x, long ld, long rows, long columns, float* sums) {               \
    columnSumsOf(x, ld, rows, columns, sums);                                                \
  }

RESNET_EPILOGUE(float)
RESNET_EPILOGUE(bf16)

}  // namespace RESNET_ISA
}  // namespace resnet
