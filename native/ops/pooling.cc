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

/** Reads the attributes and checks both images; the windows of outputs, or of image pixels. */
std::shared_ptr<Windows> readWindows(const OpReader& op, const Operand& image,
                                     const Operand& output, bool gradient) {
  op.requireAxes("the image", image, 4);
  op.requireAxes("the output", output, 4);
  const Shape &in = image.shape(), &out = output.shape();
  const long kernel = op.integer("kernel", 1, 1 << 15), stride = op.integer("stride", 1, 1 << 15);
  const long padding = op.integer("padding", 0, 1 << 15);
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

Step makeMaxPool2d(OpReader& op) {
  const DType element = op.element("x");
  const Operand x = op.input("x", element), y = op.output("y", element);
  const Operand index = op.optionalOutput("index", DType::u8);
  const auto windows = readWindows(op, x, y, false);
  op.requireShape("index", index, y.shape());
  if (index && windows->kernel > 16) op.fail("a u8 index holds kernels of up to 16");
  const long size = pixelSize(x);
  windows->scaleOffsets(size);
  return byElement(element, [&](auto zero) -> Step {
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

Step makeMaxPool2dGrad(OpReader& op) {
  const DType element = op.element("dy");
  const Operand dy = op.input("dy", element), dx = op.output("dx", element);
  const Operand index = op.input("index", DType::u8);
  const auto windows = readWindows(op, dx, dy, true);
  op.requireShape("index", index, dy.shape());
  op.requireImageSize(dx);
  if (windows->kernel > 16) op.fail("a u8 index holds kernels of up to 16");
  const long size = pixelSize(dx);
  windows->scaleOffsets(size);
  return byElement(element, [&](auto zero) -> Step {
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
Step averageWindows(DType element, const std::shared_ptr<Windows>& windows, const Operand& source,
                    const Operand& target) {
  const long size = pixelSize(source);
  const float share = 1.0f / static_cast<float>(windows->kernel * windows->kernel);
  return byElement(element, [&](auto zero) -> Step {
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

Step makeAvgPool2d(OpReader& op) {
  const DType element = op.element("x");
  const Operand x = op.input("x", element), y = op.output("y", element);
  return averageWindows(element, readWindows(op, x, y, false), x, y);
}

Step makeAvgPool2dGrad(OpReader& op) {
  const DType element = op.element("dy");
  const Operand dy = op.input("dy", element), dx = op.output("dx", element);
  const auto windows = readWindows(op, dx, dy, true);
  op.requireImageSize(dx);
  return averageWindows(element, windows, dy, dx);
}

namespace {

/** Checks a whole-image pooling; returns the number of pixels. */
long readAdaptive(const OpReader& op, const Operand& image, const Operand& output) {
  op.requireAxes("the image", image, 4);
  op.requireShape("the output", output, {1, 1, image.shape()[2], image.shape()[3]});
  return image.shape()[0] * image.shape()[1];
}

}  // namespace

Step makeAdaptiveAvgPool2d(OpReader& op) {
  const DType element = op.element("x");
  const Operand x = op.input("x", element), y = op.output("y", element);
  const long pixels = readAdaptive(op, x, y), size = pixelSize(x);
  return byElement(element, [&](auto zero) -> Step {
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

Step makeAdaptiveAvgPool2dGrad(OpReader& op) {
  const DType element = op.element("dy");
  const Operand dy = op.input("dy", element), dx = op.output("dx", element);
  const long pixels = readAdaptive(op, dx, dy), size = pixelSize(dx);
  op.requireImageSize(dx);
  return byElement(element, [&](auto zero) -> Step {
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

Step makeAdaptiveMaxPool2d(OpReader& op) {
  const DType element = op.element("x");
  const Operand x = op.input("x", element), y = op.output("y", element);
  const Operand index = op.optionalOutput("index", DType::i32);
  const long pixels = readAdaptive(op, x, y), size = pixelSize(x);
  op.requireShape("index", index, y.shape());
  return byElement(element, [&](auto zero) -> Step {
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

Step makeAdaptiveMaxPool2dGrad(OpReader& op) {
  const DType element = op.element("dy");
  const Operand dy = op.input("dy", element), dx = op.output("dx", element);
  const Operand index = op.input("index", DType::i32);
  const long pixels = readAdaptive(op, dx, dy), size = pixelSize(dx);
  op.requireShape("index", index, dy.shape());
  op.requireImageSize(dx);
  return byElement(element, [&](auto zero) -> Step {
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
