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
        float largest[Lines::most];
        double sums[Lines::most] = {};
        std::fill(largest, largest + width, -INFINITY);
        for (long i = 0; i < lines.length; i++) {
          for (long c = 0; c < width; c++) {
            const float value = toFloat(from[i * lines.inner + c]);
            largest[c] = value > largest[c] || std::isnan(value) ? value : largest[c];
          }
        }
        for (long i = 0; i < lines.length; i++) {
          for (long c = 0; c < width; c++) {
            sums[c] += std::exp(toFloat(from[i * lines.inner + c]) - largest[c]);
          }
        }
        for (long c = 0; c < width; c++) if (isLog) sums[c] = std::log(sums[c]);
        for (long i = 0; i < lines.length; i++) {
          for (long c = 0; c < width; c++) {
            const float apart = toFloat(from[i * lines.inner + c]) - largest[c];
            const double value = isLog ? apart - sums[c] : std::exp(apart) / sums[c];
            to[i * lines.inner + c] = fromFloat<T>(static_cast<float>(value));
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
