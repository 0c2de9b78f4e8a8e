// shortcut.cc: what blocks need around their convolutions: the parameter-free shortcut, stochastic depth.

#include <algorithm>
#include <cmath>
#include <cstring>

#include "op.h"

namespace resnet {
namespace {

/** How a subsampled image lies in its source: for both directions. */
struct Subsampling {
  long stride, before, after, width, outHeight, outWidth, batch, channels, outChannels;

  Subsampling(const OpReader& op, const Operand& image, const Operand& sampled)
      : stride(op.integer("stride")) {
    const std::vector<double>& pad = op.numbers("padChannels");
    before = static_cast<long>(pad[0]);
    after = static_cast<long>(pad[1]);
    const Shape& shape = image.shape();
    width = shape[1];
    batch = shape[2];
    channels = shape[3];
    outHeight = (shape[0] + stride - 1) / stride;
    outWidth = (width + stride - 1) / stride;
    outChannels = before + channels + after;
    op.requireShape("the subsampled image", sampled, {outHeight, outWidth, batch, outChannels});
  }
  long outPixels() const { return outHeight * outWidth; }
  /** The image's pixel that the subsampled image's pixel `p` is. */
  long source(long p) const { return p / outWidth * stride * width + p % outWidth * stride; }
};

/** Rows of about a block of elements at a time. */
long rowsTogether(long channels) { return std::max(1L, elementBlock / channels); }

template <class T>
size_t bytesOf(long elements) {
  return sizeof(T) * static_cast<size_t>(elements);
}

}  // namespace

KernelCall makeSubsample(OpReader& op) {
  const Operand x = op.input("x"), y = op.output("y");
  const Subsampling s(op, x, y);
  return byElement(op.element, [&](auto zero) -> KernelCall {
    using T = decltype(zero);
    return [=](const RunContext& context) {
      const T* from = x.in<T>(context);
      T* to = y.in<T>(context);
      // A row is one sample's channels at one pixel.
      parallelBlocks(context, s.outPixels() * s.batch, rowsTogether(s.outChannels),
                     [&](long begin, long end) {
        for (long row = begin; row < end; row++) {
          const long n = row % s.batch, source = s.source(row / s.batch) * s.batch + n;
          T* target = to + row * s.outChannels;
          std::fill(target, target + s.before, T{});
          std::memcpy(target + s.before, from + source * s.channels, bytesOf<T>(s.channels));
          std::fill(target + s.before + s.channels, target + s.outChannels, T{});
        }
      });
    };
  });
}

KernelCall makeSubsampleGrad(OpReader& op) {
  const Operand dy = op.input("dy"), dx = op.output("dx");
  const Subsampling s(op, dx, dy);
  const long height = dx.shape()[0];
  return byElement(op.element, [&](auto zero) -> KernelCall {
    using T = decltype(zero);
    return [=](const RunContext& context) {
      const T* from = dy.in<T>(context);
      T* to = dx.in<T>(context);
      parallelBlocks(context, height * s.width * s.batch, rowsTogether(s.channels),
                     [&](long begin, long end) {
        for (long row = begin; row < end; row++) {
          const long pixel = row / s.batch, i = pixel / s.width, j = pixel % s.width;
          T* target = to + row * s.channels;
          if (i % s.stride || j % s.stride) {
            std::fill(target, target + s.channels, T{});
            continue;
          }
          const long source = (i / s.stride * s.outWidth + j / s.stride) * s.batch + row % s.batch;
          std::memcpy(target, from + source * s.outChannels + s.before, bytesOf<T>(s.channels));
        }
      });
    };
  });
}

KernelCall makeStochasticDepth(OpReader& op) {
  const Operand x = op.input("x"), y = op.output("y");
  const Operand key = op.input("key");
  const double probability = op.number("probability");
  const auto stream = static_cast<uint32_t>(op.integer("stream"));
  const auto threshold = static_cast<uint32_t>(std::ceil(std::ldexp(probability, 24)));
  const float keepScale = probability < 1 ? static_cast<float>(1 / (1 - probability)) : 0;
  const long batch = x.shape()[2], channels = x.shape()[3], rows = x.elements() / channels;
  const size_t factors = op.scratch.reserve(bytesOf<float>(batch));
  return byElement(op.element, [&](auto zero) -> KernelCall {
    using T = decltype(zero);
    return [=](const RunContext& context) {
      const auto& kernels = context.kernels.of<T>();
      // One factor for each sample: dropout of as many ones.
      float* factor = reinterpret_cast<float*>(context.scratch + factors);
      context.kernels.fill(1, factor, batch);
      context.kernels.of<float>().dropout(factor, factor, key.in<uint32_t>(context), stream,
                                          threshold, keepScale, 0, batch);
      parallelBlocks(context, rows, rowsTogether(channels), [&](long begin, long end) {
        for (long row = begin; row < end; row++) {
          kernels.scale(x.in<T>(context) + row * channels, factor[row % batch],
                        y.in<T>(context) + row * channels, channels);
        }
      });
    };
  });
}

}  // namespace resnet
