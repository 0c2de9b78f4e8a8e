// elementwise.cc: operations that touch every element once, wherever it lies.

#include <algorithm>
#include <cmath>

#include "op.h"

namespace resnet {
namespace {

float readSlope(const OpReader& op) { return static_cast<float>(op.number("slope")); }

Step makeActivation(OpReader& op, Activation activation, float slope) {
  const DType element = op.element("x");
  const Operand x = op.input("x", element), y = op.output("y", element);
  op.requireShape("y", y, x.shape());
  return byElement(element, [&](auto zero) -> Step {
    using T = decltype(zero);
    return [=](const RunContext& context) {
      parallelBlocks(context, x.elements(), elementBlock, [&](long begin, long end) {
        context.kernels.of<T>().activate(x.in<T>(context) + begin, y.in<T>(context) + begin,
                                         end - begin, activation, slope);
      });
    };
  });
}

Step makeActivationGrad(OpReader& op, Activation activation, float slope) {
  const DType element = op.element("dy");
  const Operand dy = op.input("dy", element), y = op.input("y", element);
  const Operand dx = op.output("dx", element);
  op.requireShape("y", y, dy.shape());
  op.requireShape("dx", dx, dy.shape());
  return byElement(element, [&](auto zero) -> Step {
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

Step makeRelu(OpReader& op) { return makeActivation(op, Activation::relu, 0); }
Step makeLeakyRelu(OpReader& op) {
  return makeActivation(op, Activation::leakyRelu, readSlope(op));
}
Step makeReluGrad(OpReader& op) { return makeActivationGrad(op, Activation::relu, 0); }
Step makeLeakyReluGrad(OpReader& op) {
  return makeActivationGrad(op, Activation::leakyRelu, readSlope(op));
}

Step makeAdd(OpReader& op) {
  const DType element = op.element("a");
  const Operand a = op.input("a", element), b = op.input("b", element);
  const Operand y = op.output("y", element);
  op.requireShape("b", b, a.shape());
  op.requireShape("y", y, a.shape());
  return byElement(element, [&](auto zero) -> Step {
    using T = decltype(zero);
    return [=](const RunContext& context) {
      parallelBlocks(context, a.elements(), elementBlock, [&](long begin, long end) {
        context.kernels.of<T>().add(a.in<T>(context) + begin, b.in<T>(context) + begin,
                                    y.in<T>(context) + begin, end - begin);
      });
    };
  });
}

Step makeLerp(OpReader& op) {
  const Operand start = op.input("start"), end = op.input("end"), weight = op.input("weight");
  const Operand y = op.output("y");
  op.requireShape("end", end, start.shape());
  op.requireShape("weight", weight, {});
  op.requireShape("y", y, start.shape());
  return [=](const RunContext& context) {
    const float share = *weight.in<float>(context);
    parallelBlocks(context, start.elements(), elementBlock, [&](long from, long to) {
      context.kernels.of<float>().lerp(start.in<float>(context) + from,
                                       end.in<float>(context) + from, share,
                                       y.in<float>(context) + from, to - from);
    });
  };
}

Step makeConstant(OpReader& op) {
  const Operand y = op.output("y");
  const float value = static_cast<float>(op.number("value"));
  const std::vector<double> shape = op.numbers("shape", y.shape().size());
  if (!std::equal(shape.begin(), shape.end(), y.shape().begin(),
                  [](double a, long b) { return a == static_cast<double>(b); })) {
    op.fail("the attribute shape differs from y's, " + formatShape(y.shape()));
  }
  return [=](const RunContext& context) {
    parallelBlocks(context, y.elements(), elementBlock, [&](long begin, long end) {
      context.kernels.fill(value, y.in<float>(context) + begin, end - begin);
    });
  };
}

Step makeBiasGrad(OpReader& op) {
  const DType element = op.element("dy");
  const Operand dy = op.input("dy", element), dbias = op.output("dbias");
  if (dy.shape().empty()) op.fail("dy must have at least one axis");
  const long channels = dy.shape().back(), rows = dy.elements() / channels;
  op.requireShape("dbias", dbias, {channels});
  const long blockRows = std::max(1L, elementBlock / channels);
  const long blocks = (rows + blockRows - 1) / blockRows;
  const size_t partial = op.scratch.reserve(sizeof(float) * static_cast<size_t>(blocks * channels));
  return byElement(element, [&](auto zero) -> Step {
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

Step makeDropout(OpReader& op) {
  const DType element = op.element("x");
  const Operand x = op.input("x", element), y = op.output("y", element);
  const Operand key = op.input("key", DType::i32);
  op.requireShape("key", key, {2});
  op.requireShape("y", y, x.shape());
  const double probability = op.number("probability");
  if (probability < 0 || probability > 1) op.fail("the attribute probability must be in 0 … 1");
  const auto stream = static_cast<uint32_t>(op.integer("stream", 0, 0xffffffffL));
  // uniform ≥ probability, asked of the 24-bit integer that uniform is made of.
  const auto threshold = static_cast<uint32_t>(std::ceil(std::ldexp(probability, 24)));
  const float keepScale = probability < 1 ? static_cast<float>(1 / (1 - probability)) : 0;
  return byElement(element, [&](auto zero) -> Step {
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
