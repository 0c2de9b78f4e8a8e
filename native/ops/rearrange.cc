// rearrange.cc: elements of any type moved to other places, unchanged, or as another type of floats.

#include <cstring>
#include <type_traits>

#include "../element.h"
#include "strided_loop.h"

namespace resnet {
namespace {

/** Calls make with an unsigned integer as wide as an element. */
template <class Make>
KernelCall byWidth(DType dtype, const Make& make) {
  switch (bytesPerElement(dtype)) {
    case 1: return make(uint8_t{});
    case 2: return make(uint16_t{});
    default: return make(uint32_t{});
  }
}

void requireSameType(const OpReader& op, const Operand& x, const Operand& y) {
  if (x.spec->dtype == y.spec->dtype) return;
  op.fail(std::string("x is ") + dtypeName(x.spec->dtype) + " but y is " + dtypeName(y.spec->dtype));
}

/** to[toPlace …] = from[fromPlace …] for each element of a loop over the two. */
KernelCall move(const StridedLoop& loop, const Operand& to, const Operand& from, long toFirst = 0,
                long fromFirst = 0) {
  return byWidth(to.spec->dtype, [&](auto zero) -> KernelCall {
    using T = decltype(zero);
    return [=](const RunContext& context) {
      loop.run(context, [&](const long* places, long count) {
        T* target = to.in<T>(context) + toFirst + places[0];
        const T* source = from.in<T>(context) + fromFirst + places[1];
        const long toStep = loop.step(0), fromStep = loop.step(1);
        if (toStep == 1 && fromStep == 1) {
          std::memcpy(target, source, sizeof(T) * static_cast<size_t>(count));
          return;
        }
        for (long i = 0; i < count; i++) target[i * toStep] = source[i * fromStep];
      });
    };
  });
}

}  // namespace

KernelCall makeReshape(OpReader& op) {
  const Operand x = op.input("x"), y = op.output("y");
  requireSameType(op, x, y);
  if (x.elements() != y.elements()) op.fail("x and y must have as many elements");
  const size_t bytes = x.spec->bytes();
  return [=](const RunContext& context) {
    if (y.in<char>(context) != x.in<char>(context)) {
      std::memcpy(y.in<char>(context), x.in<char>(context), bytes);
    }
  };
}

KernelCall makeBroadcast(OpReader& op) {
  const Operand x = op.input("x"), y = op.output("y");
  requireSameType(op, x, y);
  if (!broadcastsTo(x.shape(), y.shape())) {
    op.fail("x of shape " + formatShape(x.shape()) + " does not broadcast to " +
            formatShape(y.shape()));
  }
  return move({y.shape(), {stridesOf(y.shape()), broadcastStrides(x.shape(), y.shape())}}, y, x);
}

KernelCall makePermute(OpReader& op) {
  const Operand x = op.input("x"), y = op.output("y");
  requireSameType(op, x, y);
  const std::vector<double>& axes = op.numbers("axes");
  const Shape& shape = x.shape();
  std::vector<bool> isNamed(shape.size(), false);
  bool fits = axes.size() == shape.size();
  for (size_t i = 0; fits && i < axes.size(); i++) {
    fits = axes[i] < static_cast<double>(shape.size()) && !isNamed[static_cast<size_t>(axes[i])];
    if (fits) isNamed[static_cast<size_t>(axes[i])] = true;
  }
  if (!fits) op.fail("the axes must name each axis of " + formatShape(shape) + " once");
  const Strides strides = stridesOf(shape);
  Shape permuted;
  Strides inY;
  for (double axis : axes) {
    permuted.push_back(shape[static_cast<size_t>(axis)]);
    inY.push_back(strides[static_cast<size_t>(axis)]);
  }
  op.requireShape("y", y, permuted);
  return move({permuted, {stridesOf(permuted), inY}}, y, x);
}

namespace {

/** The place of a smaller array in a larger one: element i of an axis at start + step · i. */
struct Placed {
  long first = 0;
  Strides strides;

  Placed(const OpReader& op, const Shape& smaller, const Shape& larger) {
    const std::vector<double>&starts = op.numbers("starts"), &steps = op.numbers("steps");
    const size_t rank = smaller.size();
    bool fits = larger.size() == rank && starts.size() == rank && steps.size() == rank;
    const Strides own = stridesOf(larger);
    for (size_t i = 0; fits && i < rank; i++) {
      const double size = static_cast<double>(larger[i]);
      const double last = starts[i] + steps[i] * static_cast<double>(smaller[i] - 1);
      fits = steps[i] != 0 && starts[i] < size && last >= 0 && last < size;
      if (!fits) break;
      first += static_cast<long>(starts[i]) * own[i];
      // A step of an axis with one element is never taken, and may be any number.
      strides.push_back(smaller[i] == 1 ? 0 : static_cast<long>(steps[i]) * own[i]);
    }
    if (!fits) {
      op.fail(formatShape(smaller) + " elements do not lie there in " + formatShape(larger));
    }
  }
};

}  // namespace

KernelCall makeSlice(OpReader& op) {
  const Operand x = op.input("x"), y = op.output("y");
  requireSameType(op, x, y);
  const Placed placed(op, y.shape(), x.shape());
  return move({y.shape(), {stridesOf(y.shape()), placed.strides}}, y, x, 0, placed.first);
}

KernelCall makePad(OpReader& op) {
  const Operand x = op.input("x"), y = op.output("y");
  const Placed placed(op, x.shape(), y.shape());
  const KernelCall place =
      move({x.shape(), {placed.strides, stridesOf(x.shape())}}, y, x, placed.first);
  const float value = static_cast<float>(op.number("value"));
  return byElement(op.element, [&](auto zero) -> KernelCall {
    using T = decltype(zero);
    return [=](const RunContext& context) {
      parallelBlocks(context, y.elements(), elementBlock, [&](long begin, long end) {
        std::fill(y.in<T>(context) + begin, y.in<T>(context) + end, fromFloat<T>(value));
      });
      place(context);
    };
  });
}

KernelCall makeConcat(OpReader& op) {
  const Operand y = op.output("y"), x0 = op.input("x0");
  const size_t axis = static_cast<size_t>(op.integer("axis"));
  if (axis >= x0.shape().size()) op.fail("there is no axis " + std::to_string(axis));
  const Strides strides = stridesOf(y.shape());
  std::vector<KernelCall> moves;
  long joined = 0;
  std::vector<std::pair<Operand, long>> parts;
  for (const char* name : {"x0", "x1", "x2", "x3", "x4", "x5", "x6", "x7"}) {
    const Operand x = op.input(name);
    if (!x) continue;
    requireSameType(op, x, y);
    Shape expected = x0.shape();
    if (x.shape().size() == expected.size()) expected[axis] = x.shape()[axis];
    op.requireShape(name, x, expected);
    parts.emplace_back(x, joined);
    joined += x.shape()[axis];
  }
  Shape expected = x0.shape();
  expected[axis] = joined;
  op.requireShape("y", y, expected);
  for (const auto& [x, start] : parts) {
    moves.push_back(move({x.shape(), {strides, stridesOf(x.shape())}}, y, x, start * strides[axis]));
  }
  return [=](const RunContext& context) {
    for (const KernelCall& call : moves) call(context);
  };
}

KernelCall makeCast(OpReader& op) {
  const Operand x = op.input("x"), y = op.output("y");
  const DType from = x.spec->dtype;
  return byElement(op.element, [&](auto zero) -> KernelCall {
    using T = decltype(zero);
    const auto convert = [=](auto source) -> KernelCall {
      using S = decltype(source);
      return [=](const RunContext& context) {
        parallelBlocks(context, x.elements(), elementBlock, [&](long begin, long end) {
          const S* values = x.in<S>(context);
          T* result = y.in<T>(context);
          for (long i = begin; i < end; i++) {
            if constexpr (std::is_integral_v<S>) {
              result[i] = fromFloat<T>(static_cast<float>(values[i]));
            } else {
              result[i] = fromFloat<T>(toFloat(values[i]));
            }
          }
        });
      };
    };
    switch (from) {
      case DType::f32: return convert(float{});
      case DType::bf16: return convert(bf16{});
      case DType::i32: return convert(int32_t{});
      default: return convert(uint8_t{});
    }
  });
}

}  // namespace resnet
