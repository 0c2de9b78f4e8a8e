// softmax.cc: softmax, its logarithm and its gradient, and the place of the largest value, along an axis.

#include <algorithm>
#include <cmath>

#include "../element.h"
#include "op.h"

namespace resnet {
namespace {

/** The lines of an array along one axis: `length` elements, `inner` apart; neighbouring lines lie side by side. */
struct Lines {
  long length, inner, count;

  Lines(const OpReader& op, const Shape& shape) {
    const long axis = op.integer("axis");
    if (axis >= static_cast<long>(shape.size())) {
      op.fail("there are " + std::to_string(shape.size()) + " axes, but axis is " +
              std::to_string(axis));
    }
    length = shape[static_cast<size_t>(axis)], inner = 1, count = 1;
    for (size_t i = 0; i < shape.size(); i++) {
      if (static_cast<long>(i) > axis) inner *= shape[i];
      if (static_cast<long>(i) != axis) count *= shape[i];
    }
  }

  static constexpr long most = 64;

  /** Calls fn(place of the first element, first line, lines) for up to `most` lines that lie side by side. */
  template <class Fn>
  void run(const RunContext& context, const Fn& fn) const {
    const long width = std::min(inner, most), blocks = (inner + width - 1) / width;
    const long tasks = count / inner * blocks;
    parallelBlocks(context, tasks, std::max(1L, elementBlock / 8 / (length * width)),
                   [&](long begin, long end) {
      for (long task = begin; task < end; task++) {
        const long outer = task / blocks, first = task % blocks * width;
        fn(outer * length * inner + first, outer * inner + first, std::min(width, inner - first));
      }
    });
  }
};

/** y[i] = function(x[i], scalar) */
void withScalar(const Kernels& kernels, Binary function, const float* x, double scalar, float* y,
                long n) {
  const BinaryCall<float> call{function, {x, 1}, {nullptr, 0}, y, n, static_cast<float>(scalar)};
  kernels.ofFloat.binary(&call);
}

/** Of elements side by side. */
template <class T>
void softmaxLine(const RunContext& context, const T* from, T* to, long length, bool isLog) {
  const Kernels& kernels = context.kernels;
  std::vector<float> apart(static_cast<size_t>(length)), exps(static_cast<size_t>(length));
  for (long i = 0; i < length; i++) apart[static_cast<size_t>(i)] = toFloat(from[i]);
  double largest = -INFINITY, sum = 0;
  kernels.ofFloat.reduceRun(Reduction::max, apart.data(), length, &largest);
  withScalar(kernels, Binary::sub, apart.data(), largest, apart.data(), length);
  kernels.ofFloat.unary({Unary::exp, 0, 0}, apart.data(), exps.data(), length);
  kernels.ofFloat.reduceRun(Reduction::sum, exps.data(), length, &sum);
  if (isLog) withScalar(kernels, Binary::sub, apart.data(), std::log(sum), exps.data(), length);
  kernels.of<T>().scaleSums(exps.data(), isLog ? 1 : static_cast<float>(1 / sum), to, length);
}

}  // namespace

KernelCall makeSoftmax(OpReader& op) {
  const Operand x = op.input("x"), y = op.output("y");
  const Lines lines(op, x.shape());
  const bool isLog = op.flag("log");
  return byElement(op.element, [&](auto zero) -> KernelCall {
    using T = decltype(zero);
    return [=](const RunContext& context) {
      lines.run(context, [&](long place, long, long width) {
        const T* from = x.in<T>(context) + place;
        T* to = y.in<T>(context) + place;
        const auto& kernels = context.kernels.ofFloat;
        if (lines.inner == 1) return softmaxLine(context, from, to, lines.length, isLog);
        // The lines' elements in float, a row of `width` for each place.
        std::vector<float> apart(static_cast<size_t>(lines.length * width));
        double largest[Lines::most], sums[Lines::most] = {};
        std::fill(largest, largest + width, -INFINITY);
        for (long i = 0; i < lines.length; i++) {
          for (long c = 0; c < width; c++) {
            apart[static_cast<size_t>(i * width + c)] = toFloat(from[i * lines.inner + c]);
          }
        }
        for (long i = 0; i < lines.length; i++) {
          kernels.reduceColumns(Reduction::max, apart.data() + i * width, width, largest);
        }
        float exps[Lines::most];
        for (long i = 0; i < lines.length; i++) {
          float* row = apart.data() + i * width;
          for (long c = 0; c < width; c++) row[c] -= static_cast<float>(largest[c]);
          kernels.unary({Unary::exp, 0, 0}, row, exps, width);
          kernels.reduceColumns(Reduction::sum, exps, width, sums);
          if (!isLog) std::copy(exps, exps + width, row);
        }
        float factors[Lines::most];
        for (long c = 0; c < width; c++) {
          factors[c] = static_cast<float>(isLog ? std::log(sums[c]) : 1 / sums[c]);
        }
        for (long i = 0; i < lines.length; i++) {
          for (long c = 0; c < width; c++) {
            const float value = apart[static_cast<size_t>(i * width + c)];
            to[i * lines.inner + c] = fromFloat<T>(isLog ? value - factors[c] : value * factors[c]);
          }
        }
      });
    };
  });
}

KernelCall makeSoftmaxGrad(OpReader& op) {
  const Operand dy = op.input("dy"), y = op.input("y"), dx = op.output("dx");
  const Lines lines(op, dy.shape());
  const bool isLog = op.flag("log");
  return byElement(op.element, [&](auto zero) -> KernelCall {
    using T = decltype(zero);
    return [=](const RunContext& context) {
      lines.run(context, [&](long place, long, long width) {
        const T *given = dy.in<T>(context) + place, *result = y.in<T>(context) + place;
        T* to = dx.in<T>(context) + place;
        double sums[Lines::most] = {};
        for (long i = 0; i < lines.length; i++) {
          for (long c = 0; c < width; c++) {
            const long at = i * lines.inner + c;
            const double factor = isLog ? 1 : toFloat(result[at]);
            sums[c] += toFloat(given[at]) * factor;
          }
        }
        for (long i = 0; i < lines.length; i++) {
          for (long c = 0; c < width; c++) {
            const long at = i * lines.inner + c;
            const float g = toFloat(given[at]), r = toFloat(result[at]);
            const double value = isLog ? g - std::exp(r) * sums[c] : r * (g - sums[c]);
            to[at] = fromFloat<T>(static_cast<float>(value));
          }
        }
      });
    };
  });
}

KernelCall makeArgmax(OpReader& op) {
  const Operand x = op.input("x"), y = op.output("y");
  const Lines lines(op, x.shape());
  Shape shape = x.shape();
  shape.erase(shape.begin() + op.integer("axis"));
  op.requireShape("y", y, shape);
  return byElement(op.element, [&](auto zero) -> KernelCall {
    using T = decltype(zero);
    return [=](const RunContext& context) {
      lines.run(context, [&](long place, long line, long width) {
        for (long c = 0; c < width; c++) {
          const T* from = x.in<T>(context) + place + c;
          long best = 0;
          float largest = toFloat(from[0]);
          for (long i = 1; i < lines.length && !std::isnan(largest); i++) {
            const float value = toFloat(from[i * lines.inner]);
            if (value <= largest) continue;
            best = i, largest = value;
          }
          y.in<int32_t>(context)[line + c] = static_cast<int32_t>(best);
        }
      });
    };
  });
}

}  // namespace resnet
