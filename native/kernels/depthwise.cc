// depthwise.cc
//
// Convolutions whose every channel has a filter of its own: sums over the taps of products, channel by channel, in registers.

#include "declare.h"
#include "simd.h"

namespace resnet {
namespace RESNET_ISA {
namespace {

/** Vectors of sums at a time: enough to hide the latency of a chain of multiply-adds. */
constexpr long vectorsAtOnce = 4;

template <class T>
void depthwiseAll(const DepthwiseCall<T>& call) {
  for (long row = 0; row < call.rows; row++) {
    const long first = row * call.channels;
    long begin = 0;
    for (; begin + vectorsAtOnce * lanes <= call.channels; begin += vectorsAtOnce * lanes) {
      vec sums[vectorsAtOnce] = {};
      for (long t = 0; t < call.tapCount; t++) {
        const T* x = call.taps[t].x + first + begin;
        const float* weight = call.taps[t].weight + begin;
        RESNET_UNROLL
        for (long v = 0; v < vectorsAtOnce; v++) {
          sums[v] += load(x + v * lanes) * load(weight + v * lanes);
        }
      }
      RESNET_UNROLL
      for (long v = 0; v < vectorsAtOnce; v++) store(call.sums + first + begin + v * lanes, sums[v]);
    }
    forLanes(call.channels - begin, [&](auto lane, long rest) {
      const long c = begin + rest;
      decltype(get(lane, call.sums)) sum = {};
      for (long t = 0; t < call.tapCount; t++) {
        const DepthwiseTap<T>& tap = call.taps[t];
        sum += get(lane, tap.x + first + c) * get(lane, tap.weight + c);
      }
      put(call.sums + first + c, sum);
    });
  }
}

template <class T>
void depthwiseGradAll(const DepthwiseCall<T>& call) {
  for (long t = 0; t < call.tapCount; t++) {
    const DepthwiseTap<T>& tap = call.taps[t];
    forLanes(call.channels, [&](auto lane, long c) {
      auto sum = get(lane, tap.weight + c);
      for (long row = 0; row < call.rows; row++) {
        const long place = row * call.channels + c;
        sum += get(lane, tap.x + place) * get(lane, call.dy + place);
      }
      put(tap.weight + c, sum);
    });
  }
}

}  // namespace

#define RESNET_DEPTHWISE(T)                                                        \
  void depthwise(const DepthwiseCall<T>* call) { depthwiseAll(*call); }            \
  void depthwiseGrad(const DepthwiseCall<T>* call) { depthwiseGradAll(*call); }

RESNET_DEPTHWISE(float)
RESNET_DEPTHWISE(bf16)

}  // namespace RESNET_ISA
}  // namespace resnet
