// pooling.cc
//
// Pooling works on whole pixels: in HWNC a pixel is one dense array of batch × channels, so every
// pass below is a flat loop over it. Gradients gather: each image pixel collects from the outputs
// that read it, so that pixels are independent of each other.

#include <algorithm>
#include <cstring>
#include <memory>

#include "../conv/conv_shape.h"
#include "../element.h"
#include "op.h"

namespace resnet {
namespace {

constexpr long pixelBlock = 4096;  // elements of a pixel taken through all its taps at a time

/** The windows of a pooling: for each target pixel, the source pixels and taps it reads. */
struct Windows {
  long kernel = 0;
  std::vector<std::vector<WindowRead>> pixels;  // offsets in pixels, or in elements once scaled

  Windows(const std::vector<AxisRun>& vertical, const std::vector<AxisRun>& horizontal,
          long kernel, long sourceWidth)
      : kernel(kernel) {
    for (const AxisRun& v : vertical) {
      for (const AxisRun& h : horizontal) {
        pixels.emplace_back();
        for (const AxisTap& r : v.taps) {
          for (const AxisTap& s : h.taps) {
            pixels.back().push_back({r.source * sourceWidth + s.source, r.tap * kernel + s.tap});
          }
        }
      }
    }
  }

  /** Turns offsets in pixels into offsets in elements. */
  void scaleOffsets(long pixelSize) {
    for (auto& reads : pixels) {
      for (WindowRead& read : reads) read.offset *= pixelSize;
    }
  }
};

/** The windows of outputs, or of image pixels for a gradient. Checks the size of the output. */
std::shared_ptr<Windows> readWindows(const OpReader& op, const Operand& image,
                                     const Operand& output, bool gradient) {
  const Shape &in = image.shape(), &out = output.shape();
  const long kernel = op.integer("kernel"), stride = op.integer("stride");
  const long padding = op.integer("padding");
  if (2 * padding > kernel) op.fail("padding may be at most half of the kernel");
  const auto size = [&](long input) {
    const long span = input + 2 * padding - kernel;
    return span < 0 ? 0 : span / stride + 1;
  };
  const Shape expected = {size(in[0]), size(in[1]), in[2], in[3]};
  if (out != expected) {
    op.fail("an image of shape " + formatShape(in) + " gives an output of shape " +
            formatShape(expected) + " but it has " + formatShape(out));
  }
  const auto runs = gradient ? inputRuns : outputRuns;
  return std::make_shared<Windows>(runs(out[0], in[0], kernel, stride, padding, false),
                                   runs(out[1], in[1], kernel, stride, padding, false), kernel,
                                   gradient ? out[1] : in[1]);
}

long pixelCount(const Operand& image) { return image.shape()[0] * image.shape()[1]; }
long pixelSize(const Operand& image) { return image.shape()[2] * image.shape()[3]; }

/** Calls fn(pixel, begin, count) for blocks of every target pixel. */
template <class Fn>
void forPixelBlocks(const RunContext& context, long pixels, long size, const Fn& fn) {
  const long blocks = (size + pixelBlock - 1) / pixelBlock;
  const long together = std::max(1L, elementBlock / 2 / std::min(size, pixelBlock));
  parallelBlocks(context, pixels * blocks, together, [&](long first, long last) {
    for (long task = first; task < last; task++) {
      const long begin = task % blocks * pixelBlock;
      fn(task / blocks, begin, std::min(pixelBlock, size - begin));
    }
  });
}

}  // namespace

KernelCall makeMaxPool2d(OpReader& op) {
  const Operand x = op.input("x"), y = op.output("y");
  const Operand index = op.output("index");
  const auto windows = readWindows(op, x, y, false);
  const long size = pixelSize(x);
  windows->scaleOffsets(size);
  return byElement(op.element, [&](auto zero) -> KernelCall {
    using T = decltype(zero);
    return [=](const RunContext& context) {
      const auto& kernels = context.kernels.of<T>();
      forPixelBlocks(context, static_cast<long>(windows->pixels.size()), size,
                     [&](long pixel, long begin, long count) {
        const auto& reads = windows->pixels[static_cast<size_t>(pixel)];
        const MaxWindowCall<T> call{x.in<T>(context), reads.data(),
                                    static_cast<long>(reads.size()),
                                    y.in<T>(context) + pixel * size,
                                    index ? index.in<uint8_t>(context) + pixel * size : nullptr};
        kernels.maxWindow(&call, begin, begin + count);
      });
    };
  });
}

KernelCall makeMaxPool2dGrad(OpReader& op) {
  const Operand dy = op.input("dy"), dx = op.output("dx");
  const Operand index = op.input("index");
  const auto windows = readWindows(op, dx, dy, true);
  const long size = pixelSize(dx);
  windows->scaleOffsets(size);
  return byElement(op.element, [&](auto zero) -> KernelCall {
    using T = decltype(zero);
    return [=](const RunContext& context) {
      const auto& kernels = context.kernels.of<T>();
      forPixelBlocks(context, static_cast<long>(windows->pixels.size()), size,
                     [&](long pixel, long begin, long count) {
        const auto& reads = windows->pixels[static_cast<size_t>(pixel)];
        const MaxWindowGradCall<T> call{dy.in<T>(context), index.in<uint8_t>(context),
                                        reads.data(), static_cast<long>(reads.size()),
                                        dx.in<T>(context) + pixel * size};
        kernels.maxWindowGrad(&call, begin, begin + count);
      });
    };
  });
}

namespace {

/** Sums of the pixels a window reads, divided by the kernel's area: forward and backward. */
KernelCall averageWindows(const OpReader& op, const std::shared_ptr<Windows>& windows, const Operand& source,
                    const Operand& target) {
  const long size = pixelSize(source);
  const float share = 1.0f / static_cast<float>(windows->kernel * windows->kernel);
  return byElement(op.element, [&](auto zero) -> KernelCall {
    using T = decltype(zero);
    return [=](const RunContext& context) {
      const auto& kernels = context.kernels.of<T>();
      forPixelBlocks(context, static_cast<long>(windows->pixels.size()), size,
                     [&](long pixel, long begin, long count) {
        float sum[pixelBlock];
        context.kernels.fill(0, sum, count);
        for (const WindowRead& read : windows->pixels[static_cast<size_t>(pixel)]) {
          kernels.accumulate(source.in<T>(context) + read.offset * size + begin, sum, count);
        }
        kernels.scaleSums(sum, share, target.in<T>(context) + pixel * size + begin, count);
      });
    };
  });
}

}  // namespace

KernelCall makeAvgPool2d(OpReader& op) {
  const Operand x = op.input("x"), y = op.output("y");
  return averageWindows(op, readWindows(op, x, y, false), x, y);
}

KernelCall makeAvgPool2dGrad(OpReader& op) {
  const Operand dy = op.input("dy"), dx = op.output("dx");
  const auto windows = readWindows(op, dx, dy, true);
  return averageWindows(op, windows, dy, dx);
}

KernelCall makeAdaptiveAvgPool2d(OpReader& op) {
  const Operand x = op.input("x"), y = op.output("y");
  const long pixels = pixelCount(x), size = pixelSize(x);
  return byElement(op.element, [&](auto zero) -> KernelCall {
    using T = decltype(zero);
    return [=](const RunContext& context) {
      const auto& kernels = context.kernels.of<T>();
      forPixelBlocks(context, 1, size, [&](long, long begin, long count) {
        float sum[pixelBlock];
        context.kernels.fill(0, sum, count);
        for (long p = 0; p < pixels; p++) {
          kernels.accumulate(x.in<T>(context) + p * size + begin, sum, count);
        }
        kernels.scaleSums(sum, 1.0f / static_cast<float>(pixels),
                          y.in<T>(context) + begin, count);
      });
    };
  });
}

KernelCall makeAdaptiveAvgPool2dGrad(OpReader& op) {
  const Operand dy = op.input("dy"), dx = op.output("dx");
  const long pixels = pixelCount(dx), size = pixelSize(dx);
  return byElement(op.element, [&](auto zero) -> KernelCall {
    using T = decltype(zero);
    return [=](const RunContext& context) {
      const auto& kernels = context.kernels.of<T>();
      forPixelBlocks(context, pixels, size, [&](long pixel, long begin, long count) {
        float sum[pixelBlock];
        context.kernels.fill(0, sum, count);
        kernels.accumulate(dy.in<T>(context) + begin, sum, count);
        kernels.scaleSums(sum, 1.0f / static_cast<float>(pixels),
                          dx.in<T>(context) + pixel * size + begin, count);
      });
    };
  });
}

KernelCall makeAdaptiveMaxPool2d(OpReader& op) {
  const Operand x = op.input("x"), y = op.output("y");
  const Operand index = op.output("index");
  const long pixels = pixelCount(x), size = pixelSize(x);
  return byElement(op.element, [&](auto zero) -> KernelCall {
    using T = decltype(zero);
    return [=](const RunContext& context) {
      forPixelBlocks(context, 1, size, [&](long, long begin, long count) {
        const T* source = x.in<T>(context) + begin;
        T* best = y.in<T>(context) + begin;
        int32_t* places = index ? index.in<int32_t>(context) + begin : nullptr;
        std::memcpy(best, source, sizeof(T) * static_cast<size_t>(count));
        if (places) std::fill(places, places + count, 0);
        for (long p = 1; p < pixels; p++) {
          const T* values = source + p * size;
          for (long i = 0; i < count; i++) {
            const float value = toFloat(values[i]), other = toFloat(best[i]);
            if (!(value > other) && value == value) continue;  // the last NaN wins
            best[i] = values[i];
            if (places) places[i] = static_cast<int32_t>(p);
          }
        }
      });
    };
  });
}

KernelCall makeAdaptiveMaxPool2dGrad(OpReader& op) {
  const Operand dy = op.input("dy"), dx = op.output("dx");
  const Operand index = op.input("index");
  const long pixels = pixelCount(dx), size = pixelSize(dx);
  return byElement(op.element, [&](auto zero) -> KernelCall {
    using T = decltype(zero);
    return [=](const RunContext& context) {
      forPixelBlocks(context, pixels, size, [&](long pixel, long begin, long count) {
        const T* source = dy.in<T>(context) + begin;
        const int32_t* places = index.in<int32_t>(context) + begin;
        T* target = dx.in<T>(context) + pixel * size + begin;
        for (long i = 0; i < count; i++) target[i] = places[i] == pixel ? source[i] : T{};
      });
    };
  });
}

}  // namespace resnet
