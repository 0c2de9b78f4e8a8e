// winograd.cc
//
// The three transforms of Winograd's F(2x2, 3x3): of 3x3 filters, of 4x4 windows of the source, and back
// from 16 sums to 2x2 values of the target with all that the epilogue of a convolution does. Each takes
// many channels at a time; along an axis
//
//   window   (d0, d1, d2, d3)  ->  (d0 - d2, d1 + d2, d2 - d1, d1 - d3)
//   filter   (g0, g1, g2)      ->  (g0, (g0 + g1 + g2)/2, (g0 - g1 + g2)/2, g2)
//   sums     (m0, m1, m2, m3)  ->  (m0 + m1 + m2, m1 - m2 - m3)
//
// Rounding   additions and halves only: the error is a few units in the last place of the window's
//            largest value times the filter's, that of the direct sum of its own products. An infinity in
//            the window may become NaN where the direct sum gives an infinity.
// Source     Lavin and Gray 2015, arXiv:1509.09308, section 4.1.

#include "activation.h"
#include "declare.h"
#include "simd.h"

namespace resnet {
namespace RESNET_ISA {
namespace {

template <class V>
RESNET_INLINE void transformWindow(const V (&d)[4], V (&v)[4]) {
  v[0] = d[0] - d[2];
  v[1] = d[1] + d[2];
  v[2] = d[2] - d[1];
  v[3] = d[1] - d[3];
}

template <class V>
RESNET_INLINE void transformFilter(const V (&g)[3], V (&u)[4]) {
  const V sum = (g[0] + g[2]) * 0.5f, half = g[1] * 0.5f;
  u[0] = g[0];
  u[1] = sum + half;
  u[2] = sum - half;
  u[3] = g[2];
}

template <class V>
RESNET_INLINE void transformSums(const V (&m)[4], V (&y)[2]) {
  y[0] = m[0] + m[1] + m[2];
  y[1] = m[1] - m[2] - m[3];
}

/** Whole: all 16 pixels are on the image. */
template <bool Whole>
void inputOf(const WinogradInputCall& call) {
  forLanes(call.count, [&](auto lane, long at) {
    using V = decltype(get(lane, call.v));
    V rows[4][4];  // [j][i]: columns of the window, transformed
    RESNET_UNROLL
    for (int j = 0; j < 4; j++) {
      V d[4];
      RESNET_UNROLL
      for (int i = 0; i < 4; i++) {
        const float* x = call.x[4 * i + j];
        d[i] = Whole || x ? get(lane, x + at) : V{};
      }
      transformWindow(d, rows[j]);
    }
    RESNET_UNROLL
    for (int i = 0; i < 4; i++) {
      const V d[4] = {rows[0][i], rows[1][i], rows[2][i], rows[3][i]};
      V v[4];
      transformWindow(d, v);
      RESNET_UNROLL
      for (int j = 0; j < 4; j++) put(call.v + (4 * i + j) * call.positionStride + at, v[j]);
    }
  });
}

template <Activation A>
void outputOf(const WinogradOutputCall& given) {
  const WinogradOutputCall call = given;  // what is written to y cannot change it
  for (long row = 0; row < call.rows; row++) {
    const float* m = call.m + row * call.rowStride;
    const long place = row * call.channels;
    forLanes(call.channels, [&](auto lane, long c) {
      using V = decltype(get(lane, m));
      V rows[4][2];  // [j][i]: columns of the sums, transformed
      RESNET_UNROLL
      for (int j = 0; j < 4; j++) {
        V sums[4];
        RESNET_UNROLL
        for (int i = 0; i < 4; i++) sums[i] = get(lane, m + (4 * i + j) * call.positionStride + c);
        transformSums(sums, rows[j]);
      }
      const V scale = call.scale ? get(lane, call.scale + c) : V{};
      const V bias = call.bias ? get(lane, call.bias + c) : V{};
      RESNET_UNROLL
      for (int i = 0; i < 2; i++) {
        const V sums[4] = {rows[0][i], rows[1][i], rows[2][i], rows[3][i]};
        V values[2];
        transformSums(sums, values);
        RESNET_UNROLL
        for (int j = 0; j < 2; j++) {
          const int pixel = 2 * i + j;
          if (!call.y[pixel]) continue;
          V v = values[j];
          if (call.scale) v *= scale;
          if (call.bias) v += bias;
          if (call.residual[pixel]) v += get(lane, call.residual[pixel] + place + c);
          put(call.y[pixel] + place + c, activateValue<A>(v, call.slope));
        }
      }
    });
  }
}

}  // namespace

void winogradFilter(const float* g, long tapStride, long count, float* u) {
  forLanes(count, [&](auto lane, long at) {
    using V = decltype(get(lane, g));
    V rows[3][4];  // [s][i]: columns of the filter, transformed
    RESNET_UNROLL
    for (int s = 0; s < 3; s++) {
      V taps[3];
      RESNET_UNROLL
      for (int r = 0; r < 3; r++) taps[r] = get(lane, g + (3 * r + s) * tapStride + at);
      transformFilter(taps, rows[s]);
    }
    RESNET_UNROLL
    for (int i = 0; i < 4; i++) {
      const V taps[3] = {rows[0][i], rows[1][i], rows[2][i]};
      V v[4];
      transformFilter(taps, v);
      RESNET_UNROLL
      for (int j = 0; j < 4; j++) put(u + (4 * i + j) * tapStride + at, v[j]);
    }
  });
}

void winogradInput(const WinogradInputCall* call) {
  bool whole = true;
  for (const float* x : call->x) whole = whole && x;
  if (whole) inputOf<true>(*call);
  else inputOf<false>(*call);
}

void winogradOutput(const WinogradOutputCall* call) {
  switch (call->activation) {
    case Activation::none: return outputOf<Activation::none>(*call);
    case Activation::relu: return outputOf<Activation::relu>(*call);
    case Activation::leakyRelu: return outputOf<Activation::leakyRelu>(*call);
  }
}

}  // namespace RESNET_ISA
}  // namespace resnet
