// binary.cc
//
// Functions of two numbers, element by element, and the choice between two; each operand is a run of elements or one that is repeated.
// An output may be the memory of an operand of its length. src/ops/binary-functions.ts has the same table.

#include "declare.h"
#include "simd.h"

namespace resnet {
namespace RESNET_ISA {
namespace {

RESNET_INLINE float larger(float a, float b) { return a != a ? a : b != b ? b : a < b ? b : a; }
RESNET_INLINE float smaller(float a, float b) { return a != a ? a : b != b ? b : b < a ? b : a; }

#define RESNET_BINARY_TABLE(X)       \
  X(add, a + b)                      \
  X(sub, a - b)                      \
  X(mul, a * b)                      \
  X(div, a / b)                      \
  X(pow, __builtin_powf(a, b))       \
  X(maximum, larger(a, b))           \
  X(minimum, smaller(a, b))          \
  X(equal, a == b ? 1 : 0)           \
  X(notEqual, a != b ? 1 : 0)        \
  X(less, a < b ? 1 : 0)             \
  X(lessEqual, a <= b ? 1 : 0)       \
  X(greater, a > b ? 1 : 0)          \
  X(greaterEqual, a >= b ? 1 : 0)

template <class T, class F>
RESNET_INLINE void zip(const BinaryCall<T>& call, const F& function) {
  const T *a = call.a.first, *b = call.b.first;
  T* y = call.y;
  const bool aRuns = a && call.a.step, bRuns = b && call.b.step;
  const float oneA = a ? toFloat(*a) : call.scalar, oneB = b ? toFloat(*b) : call.scalar;
  if (aRuns && bRuns) {
    RESNET_IVDEP
    for (long i = 0; i < call.n; i++) put(y + i, function(get(One{}, a + i), get(One{}, b + i)));
  } else if (aRuns) {
    RESNET_IVDEP
    for (long i = 0; i < call.n; i++) put(y + i, function(get(One{}, a + i), oneB));
  } else if (bRuns) {
    RESNET_IVDEP
    for (long i = 0; i < call.n; i++) put(y + i, function(oneA, get(One{}, b + i)));
  } else {
    const float value = function(oneA, oneB);
    for (long i = 0; i < call.n; i++) put(y + i, value);
  }
}

template <class T>
void binaryAll(const BinaryCall<T>& call) {
  switch (call.function) {
#define RESNET_VALUE(name, value) \
  case Binary::name: return zip(call, [](float a, float b) -> float { return value; });
    RESNET_BINARY_TABLE(RESNET_VALUE)
  }
}

template <class T>
void whereAll(Run<T> condition, Run<T> a, Run<T> b, T* y, long n) {
  for (long i = 0; i < n; i++) {
    const bool holds = toFloat(condition.first[i * condition.step]) != 0;
    y[i] = holds ? a.first[i * a.step] : b.first[i * b.step];
  }
}

}  // namespace

#define RESNET_BINARY(T)                                                 \
  void binary(const BinaryCall<T>* call) { binaryAll(*call); }           \
  void where(Run<T> condition, Run<T> a, Run<T> b, T* y, long n) {       \
    whereAll(condition, a, b, y, n);                                     \
  }

RESNET_BINARY(float)
RESNET_BINARY(bf16)

}  // namespace RESNET_ISA
}  // namespace resnet
