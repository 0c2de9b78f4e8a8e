// pooling.cc
//
// Max pooling of one pixel's window, and its gradient: all taps of a vector of elements while it is in
// registers, so that value and index are written once. Indices are widened to 32 bits there.

#include "declare.h"
#include "simd.h"

namespace resnet {
namespace RESNET_ISA {
namespace {

/** Whether x takes the place of best: the first of equals stays, and the last NaN beats all. */
RESNET_INLINE bool beats(float x, float best) { return x > best || x != x; }

template <bool Index, class T>
RESNET_INLINE void maxVector(const MaxWindowCall<T>& call, long i) {
  vec best = load(call.x + call.reads[0].offset + i);
  intVec taps = intVec{} + static_cast<int32_t>(call.reads[0].tap);
  for (long r = 1; r < call.readCount; r++) {
    const vec x = load(call.x + call.reads[r].offset + i);
    const intVec wins = (x > best) | (x != x);
    best = wins ? x : best;
    if (Index) taps = wins ? intVec{} + static_cast<int32_t>(call.reads[r].tap) : taps;
  }
  store(call.best + i, best);
  if (Index) storeBytes(call.index + i, taps);
}

template <class T>
RESNET_INLINE void maxElement(const MaxWindowCall<T>& call, long i) {
  const auto value = [&](long r) { return toFloat(call.x[call.reads[r].offset + i]); };
  long winner = 0;
  for (long r = 1; r < call.readCount; r++) {
    if (beats(value(r), value(winner))) winner = r;
  }
  call.best[i] = call.x[call.reads[winner].offset + i];
  if (call.index) call.index[i] = static_cast<uint8_t>(call.reads[winner].tap);
}

template <class T>
RESNET_INLINE void maxAll(const MaxWindowCall<T>& call, long begin, long end) {
  long i = begin;
  if (call.index) {
    for (; i + lanes <= end; i += lanes) maxVector<true>(call, i);
  } else {
    for (; i + lanes <= end; i += lanes) maxVector<false>(call, i);
  }
  for (; i < end; i++) maxElement(call, i);
}

template <class T>
RESNET_INLINE void maxGradAll(const MaxWindowGradCall<T>& call, long begin, long end) {
  long i = begin;
  for (; i + lanes <= end; i += lanes) {
    vec sum = {};
    for (long r = 0; r < call.readCount; r++) {
      const WindowRead read = call.reads[r];
      const intVec won = loadBytes(call.index + read.offset + i) == static_cast<int32_t>(read.tap);
      sum += won ? load(call.dy + read.offset + i) : vec{};
    }
    store(call.dx + i, sum);
  }
  for (; i < end; i++) {
    float sum = 0;
    for (long r = 0; r < call.readCount; r++) {
      const WindowRead read = call.reads[r];
      if (call.index[read.offset + i] == read.tap) sum += toFloat(call.dy[read.offset + i]);
    }
    put(call.dx + i, sum);
  }
}

}  // namespace

void maxWindow(const MaxWindowCall<float>* call, long begin, long end) {
  maxAll(*call, begin, end);
}
void maxWindow(const MaxWindowCall<bf16>* call, long begin, long end) {
  maxAll(*call, begin, end);
}

void maxWindowGrad(const MaxWindowGradCall<float>* call, long begin, long end) {
  maxGradAll(*call, begin, end);
}
void maxWindowGrad(const MaxWindowGradCall<bf16>* call, long begin, long end) {
  maxGradAll(*call, begin, end);
}

}  // namespace RESNET_ISA
}  // namespace resnet
