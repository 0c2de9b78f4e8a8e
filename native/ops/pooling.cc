// pooling.cc
//
// Pooling works on whole pixels: in HWNC a pixel is one dense array of batch × channels, so every
// pass below is a flat loop over it. Gradients gather: each image pixel collects from the outputs
// that read it, so that pixels are independent of each other.

#include <algorithm>
#include <cstring>
#include <memory>

#include "../conv/conv_shape.h"
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

void requireImageSize(const OpReader& op, const Operand& dx) {
  op.requireAxes("dx", dx, 4);
  const std::vector<double> size = op.numbers("imageSize", 2);
  if (size[0] != static_cast<double>(dx.shape()[0]) ||
      size[1] != static_cast<double>(dx.shape()[1])) {
    op.fail("the attribute imageSize differs from dx's shape, " + formatShape(dx.shape()));
  }
}

}  // namespace

Step makeMaxPool2d(OpReader& op) {
  const Operand x = op.input("x"), y = op.output("y");
  const Operand index = op.optionalOutput("index", DType::u8);
  const auto windows = readWindows(op, x, y, false);
  op.requireShape("index", index, y.shape());
  if (index && windows->kernel > 16) op.fail("a u8 index holds kernels of up to 16");
  const long size = pixelSize(x);
  windows->scaleOffsets(size);
  return [=](const RunContext& context) {
    forPixelBlocks(context, static_cast<long>(windows->pixels.size()), size,
                   [&](long pixel, long begin, long count) {
      const auto& reads = windows->pixels[static_cast<size_t>(pixel)];
      const MaxWindowCall call{x.in<float>(context), reads.data(),
                               static_cast<long>(reads.size()),
                               y.in<float>(context) + pixel * size,
                               index ? index.in<uint8_t>(context) + pixel * size : nullptr};
      context.kernels.maxWindow(&call, begin, begin + count);
    });
  };
}

Step makeMaxPool2dGrad(OpReader& op) {
  const Operand dy = op.input("dy"), index = op.input("index", DType::u8), dx = op.output("dx");
  const auto windows = readWindows(op, dx, dy, true);
  op.requireShape("index", index, dy.shape());
  requireImageSize(op, dx);
  if (windows->kernel > 16) op.fail("a u8 index holds kernels of up to 16");
  const long size = pixelSize(dx);
  windows->scaleOffsets(size);
  return [=](const RunContext& context) {
    forPixelBlocks(context, static_cast<long>(windows->pixels.size()), size,
                   [&](long pixel, long begin, long count) {
      const auto& reads = windows->pixels[static_cast<size_t>(pixel)];
      const MaxWindowGradCall call{dy.in<float>(context), index.in<uint8_t>(context),
                                   reads.data(), static_cast<long>(reads.size()),
                                   dx.in<float>(context) + pixel * size};
      context.kernels.maxWindowGrad(&call, begin, begin + count);
    });
  };
}

namespace {

/** Sums of the pixels a window reads, divided by the kernel's area: forward and backward. */
Step averageWindows(const std::shared_ptr<Windows>& windows, const Operand& source,
                    const Operand& target) {
  const long size = pixelSize(source);
  const float share = 1.0f / static_cast<float>(windows->kernel * windows->kernel);
  return [=](const RunContext& context) {
    forPixelBlocks(context, static_cast<long>(windows->pixels.size()), size,
                   [&](long pixel, long begin, long count) {
      float* sum = target.in<float>(context) + pixel * size + begin;
      context.kernels.fill(0, sum, count);
      for (const WindowRead& read : windows->pixels[static_cast<size_t>(pixel)]) {
        context.kernels.accumulate(source.in<float>(context) + read.offset * size + begin, sum,
                                   count);
      }
      context.kernels.scale(sum, share, sum, count);
    });
  };
}

}  // namespace

Step makeAvgPool2d(OpReader& op) {
  const Operand x = op.input("x"), y = op.output("y");
  return averageWindows(readWindows(op, x, y, false), x, y);
}

Step makeAvgPool2dGrad(OpReader& op) {
  const Operand dy = op.input("dy"), dx = op.output("dx");
  const auto windows = readWindows(op, dx, dy, true);
  requireImageSize(op, dx);
  return averageWindows(windows, dy, dx);
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
  const Operand x = op.input("x"), y = op.output("y");
  const long pixels = readAdaptive(op, x, y), size = pixelSize(x);
  return [=](const RunContext& context) {
    forPixelBlocks(context, 1, size, [&](long, long begin, long count) {
      float* sum = y.in<float>(context) + begin;
      context.kernels.fill(0, sum, count);
      for (long p = 0; p < pixels; p++) {
        context.kernels.accumulate(x.in<float>(context) + p * size + begin, sum, count);
      }
      context.kernels.scale(sum, 1.0f / static_cast<float>(pixels), sum, count);
    });
  };
}

Step makeAdaptiveAvgPool2dGrad(OpReader& op) {
  const Operand dy = op.input("dy"), dx = op.output("dx");
  const long pixels = readAdaptive(op, dx, dy), size = pixelSize(dx);
  requireImageSize(op, dx);
  return [=](const RunContext& context) {
    forPixelBlocks(context, pixels, size, [&](long pixel, long begin, long count) {
      context.kernels.scale(dy.in<float>(context) + begin, 1.0f / static_cast<float>(pixels),
                            dx.in<float>(context) + pixel * size + begin, count);
    });
  };
}

Step makeAdaptiveMaxPool2d(OpReader& op) {
  const Operand x = op.input("x"), y = op.output("y");
  const Operand index = op.optionalOutput("index", DType::i32);
  const long pixels = readAdaptive(op, x, y), size = pixelSize(x);
  op.requireShape("index", index, y.shape());
  return [=](const RunContext& context) {
    forPixelBlocks(context, 1, size, [&](long, long begin, long count) {
      const float* source = x.in<float>(context) + begin;
      float* best = y.in<float>(context) + begin;
      int32_t* places = index ? index.in<int32_t>(context) + begin : nullptr;
      std::memcpy(best, source, sizeof(float) * static_cast<size_t>(count));
      if (places) std::fill(places, places + count, 0);
      for (long p = 1; p < pixels; p++) {
        const float* values = source + p * size;
        for (long i = 0; i < count; i++) {
          const bool firstNaN = values[i] != values[i] && best[i] == best[i];
          if (!(values[i] > best[i]) && !firstNaN) continue;
          best[i] = values[i];
          if (places) places[i] = static_cast<int32_t>(p);
        }
      }
    });
  };
}

Step makeAdaptiveMaxPool2dGrad(OpReader& op) {
  const Operand dy = op.input("dy"), index = op.input("index", DType::i32), dx = op.output("dx");
  const long pixels = readAdaptive(op, dx, dy), size = pixelSize(dx);
  op.requireShape("index", index, dy.shape());
  requireImageSize(op, dx);
  return [=](const RunContext& context) {
    forPixelBlocks(context, pixels, size, [&](long pixel, long begin, long count) {
      const float* source = dy.in<float>(context) + begin;
      const int32_t* places = index.in<int32_t>(context) + begin;
      float* target = dx.in<float>(context) + pixel * size + begin;
      for (long i = 0; i < count; i++) target[i] = places[i] == pixel ? source[i] : 0;
    });
  };
}

namespace {

/** [H, W, N, C] to [N, C · H · W], or back. */
Step moveFlat(const OpReader& op, const Operand& image, const Operand& flat, bool forward) {
  op.requireAxes("the image", image, 4);
  const Shape& shape = image.shape();
  const long pixels = shape[0] * shape[1], batch = shape[2], channels = shape[3];
  op.requireShape("the flat operand", flat, {batch, channels * pixels});
  if (pixels > 1) op.requireApart(image, flat);
  return [=](const RunContext& context) {
    float *hwnc = image.in<float>(context), *rows = flat.in<float>(context);
    if (hwnc == rows) return;
    parallelBlocks(context, batch, std::max(1L, elementBlock / (channels * pixels)),
                   [&](long begin, long end) {
      for (long n = begin; n < end; n++) {
        for (long p = 0; p < pixels; p++) {
          float* a = hwnc + (p * batch + n) * channels;
          float* b = rows + n * channels * pixels + p;
          for (long c = 0; c < channels; c++) {
            if (forward) b[c * pixels] = a[c];
            else a[c] = b[c * pixels];
          }
        }
      }
    });
  };
}

}  // namespace

Step makeFlatten(OpReader& op) {
  const Operand x = op.input("x"), y = op.output("y");
  return moveFlat(op, x, y, true);
}

Step makeFlattenGrad(OpReader& op) {
  const Operand dy = op.input("dy"), dx = op.output("dx");
  requireImageSize(op, dx);
  return moveFlat(op, dx, dy, false);
}

}  // namespace resnet
