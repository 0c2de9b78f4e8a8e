// epilogue.cc
//
// What happens to a block of a product while it is still in cache: scale, bias, residual and
// activation on its way to y, and the moments of its columns for batch norm. The moments are those
// of y as it is stored, rounded to bf16 where it is bf16: the values that batch norm will read.
//
// Rounding   moments are taken in two passes, the second about the mean that the first one found.
//            Where that mean is larger than the deviation, the second pass corrects it as well
//            (Chan, Golub and LeVeque 1983), so that a mean far from zero costs no digits; elsewhere
//            a correction would bring in the rounding of x − mean. Where the mean is more than 64
//            deviations, even its rounding to float would show in the variance of several blocks:
//            then the correction is kept beside it. The caller merges blocks in a fixed order, in
//            double.

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

/** Sum over rows of one column or of a vector of columns, strip by strip to keep chains short. */
template <class T, class Lane>
RESNET_INLINE auto columnSum(Lane lane, const T* x, long ld, long rows) {
  using V = decltype(get(lane, static_cast<float*>(nullptr)));
  constexpr long strip = 32;
  V total = {};
  for (long begin = 0; begin < rows; begin += strip) {
    const long end = begin + strip < rows ? begin + strip : rows;
    V even = {}, odd = {};
    long i = begin;
    for (; i + 2 <= end; i += 2) {
      even += get(lane, x + i * ld);
      odd += get(lane, x + (i + 1) * ld);
    }
    if (i < end) even += get(lane, x + i * ld);
    total += even + odd;
  }
  return total;
}

template <class T>
void columnMomentsOf(const T* x, long ld, long rows, long columns, const Moments& moments) {
  constexpr float farSquared = 64 * 64;
  const Moments to = moments;  // what is written there cannot change it
  const float count = static_cast<float>(rows), perRow = 1.0f / count;
  forLanes(columns, [&](auto lane, long j) {
    using V = decltype(get(lane, to.mean));
    const V center = columnSum(lane, x + j, ld, rows) * perRow;
    V even = {}, odd = {}, evenSquares = {}, oddSquares = {};
    const auto add = [&](long i, V& sum, V& squares) {
      const V deviation = get(lane, x + j + i * ld) - center;
      sum += deviation;
      squares += deviation * deviation;
    };
    long i = 0;
    for (; i + 2 <= rows; i += 2) {
      add(i, even, evenSquares);
      add(i + 1, odd, oddSquares);
    }
    if (i < rows) add(i, even, evenSquares);
    const V sum = even + odd, squares = evenSquares + oddSquares;
    const V centerSquares = center * center * count;
    const V correction = centerSquares > squares ? sum * perRow : V{};
    const V rest = centerSquares > squares * farSquared ? correction : V{};
    put(to.mean + j, center + (correction - rest));
    put(to.rest + j, rest);
    put(to.m2 + j, squares - sum * correction);
  });
}

template <class T>
void columnSumsOf(const T* x, long ld, long rows, long columns, float* sums) {
  forLanes(columns, [&](auto lane, long j) {
    put(sums + j, columnSum(lane, x + j, ld, rows));
  });
}

}  // namespace

#define RESNET_EPILOGUE(T)                                                                    \
  void epilogue(const EpilogueCall<T>* call) { epilogueOf(*call); }                           \
  void columnMoments(const T* x, long ld, long rows, long columns, const Moments* moments) {  \
    columnMomentsOf(x, ld, rows, columns, *moments);                                          \
  }                                                                                           \
  void columnSums(const T* x, long ld, long rows, long columns, float* sums) {                \
    columnSumsOf(x, ld, rows, columns, sums);                                                 \
  }

RESNET_EPILOGUE(float)
RESNET_EPILOGUE(bf16)

}  // namespace RESNET_ISA
}  // namespace resnet
