// elementwise.cc: operations that touch every element once, wherever it lies.

#include <algorithm>
#include <cmath>

#include "../element.h"
#include "op.h"

namespace resnet {
namespace {

float readSlope(const OpReader& op) { return static_cast<float>(op.number("slope")); }

KernelCall makeActivation(OpReader& op, Activation activation, float slope) {
  const Operand x = op.input("x"), y = op.output("y");
  return byElement(op.element, [&](auto zero) -> KernelCall {
    using T = decltype(zero);
    return [=](const RunContext& context) {
      parallelBlocks(context, x.elements(), elementBlock, [&](long begin, long end) {
        context.kernels.of<T>().activate(x.in<T>(context) + begin, y.in<T>(context) + begin,
                                         end - begin, activation, slope);
      });
    };
  });
}

KernelCall makeActivationGrad(OpReader& op, Activation activation, float slope) {
  const Operand dy = op.input("dy"), y = op.input("y");
  const Operand dx = op.output("dx");
  return byElement(op.element, [&](auto zero) -> KernelCall {
    using T = decltype(zero);
    return [=](const RunContext& context) {
      parallelBlocks(context, dy.elements(), elementBlock, [&](long begin, long end) {
        context.kernels.of<T>().activateGrad(dy.in<T>(context) + begin, y.in<T>(context) + begin,
                                             dx.in<T>(context) + begin, end - begin, activation,
                                             slope);
      });
    };
  });
}

}  // namespace

KernelCall makeRelu(OpReader& op) { return makeActivation(op, Activation::relu, 0); }
KernelCall makeLeakyRelu(OpReader& op) {
  return makeActivation(op, Activation::leakyRelu, readSlope(op));
}
KernelCall makeReluGrad(OpReader& op) { return makeActivationGrad(op, Activation::relu, 0); }
KernelCall makeLeakyReluGrad(OpReader& op) {
  return makeActivationGrad(op, Activation::leakyRelu, readSlope(op));
}

KernelCall makeAdd(OpReader& op) {
  const Operand a = op.input("a"), b = op.input("b");
  const Operand y = op.output("y");
  return byElement(op.element, [&](auto zero) -> KernelCall {
    using T = decltype(zero);
    return [=](const RunContext& context) {
      parallelBlocks(context, a.elements(), elementBlock, [&](long begin, long end) {
        context.kernels.of<T>().add(a.in<T>(context) + begin, b.in<T>(context) + begin,
                                    y.in<T>(context) + begin, end - begin);
      });
    };
  });
}

KernelCall makeLerp(OpReader& op) {
  const Operand start = op.input("start"), end = op.input("end"), weight = op.input("weight");
  const Operand y = op.output("y");
  return [=](const RunContext& context) {
    const float share = *weight.in<float>(context);
    parallelBlocks(context, start.elements(), elementBlock, [&](long from, long to) {
      context.kernels.of<float>().lerp(start.in<float>(context) + from,
                                       end.in<float>(context) + from, share,
                                       y.in<float>(context) + from, to - from);
    });
  };
}

KernelCall makeConstant(OpReader& op) {
  const Operand y = op.output("y");
  const float value = static_cast<float>(op.number("value"));
  return byElement(op.element, [&](auto zero) -> KernelCall {
    using T = decltype(zero);
    if (y.spec->dtype == DType::bf16 && !op.has("dtype")) op.fail("y is bf16, not f32");
    return [=](const RunContext& context) {
      parallelBlocks(context, y.elements(), elementBlock, [&](long begin, long end) {
        std::fill(y.in<T>(context) + begin, y.in<T>(context) + end, fromFloat<T>(value));
      });
    };
  });
}

KernelCall makeLiteral(OpReader& op) {
  const Operand y = op.output("y");
  std::vector<float> values;
  for (double value : op.numbers("values")) values.push_back(static_cast<float>(value));
  if (static_cast<long>(values.size()) != y.elements()) {
    op.fail("there are " + std::to_string(values.size()) + " values, not " +
            std::to_string(y.elements()));
  }
  return [=](const RunContext& context) {
    std::copy(values.begin(), values.end(), y.in<float>(context));
  };
}

KernelCall makeBiasGrad(OpReader& op) {
  const Operand dy = op.input("dy"), dbias = op.output("dbias");
  const long channels = dy.shape().back(), rows = dy.elements() / channels;
  const long blockRows = std::max(1L, elementBlock / channels);
  const long blocks = (rows + blockRows - 1) / blockRows;
  const size_t partial = op.scratch.reserve(sizeof(float) * static_cast<size_t>(blocks * channels));
  return byElement(op.element, [&](auto zero) -> KernelCall {
    using T = decltype(zero);
    return [=](const RunContext& context) {
      float* sums = reinterpret_cast<float*>(context.scratch + partial);
      context.pool.parallelFor(blocks, [&](long b, int) {
        context.kernels.of<T>().columnSums(dy.in<T>(context) + b * blockRows * channels, channels,
                                           std::min(blockRows, rows - b * blockRows), channels,
                                           sums + b * channels);
      });
      for (long c = 0; c < channels; c++) {
        double sum = 0;
        for (long b = 0; b < blocks; b++) sum += sums[b * channels + c];
        dbias.in<float>(context)[c] = static_cast<float>(sum);
      }
    };
  });
}

KernelCall makeDropout(OpReader& op) {
  const Operand x = op.input("x"), y = op.output("y");
  const Operand key = op.input("key");
  const double probability = op.number("probability");
  const auto stream = static_cast<uint32_t>(op.integer("stream"));
  // uniform ≥ probability, asked of the 24-bit integer that uniform is made of.
  const auto threshold = static_cast<uint32_t>(std::ceil(std::ldexp(probability, 24)));
  const float keepScale = probability < 1 ? static_cast<float>(1 / (1 - probability)) : 0;
  return byElement(op.element, [&](auto zero) -> KernelCall {
    using T = decltype(zero);
    return [=](const RunContext& context) {
      parallelBlocks(context, x.elements(), elementBlock, [&](long begin, long end) {
        context.kernels.of<T>().dropout(x.in<T>(context), y.in<T>(context),
                                        key.in<uint32_t>(context), stream, threshold, keepScale,
                                        begin, end);
      });
    };
  });
}

}  // namespace resnet
