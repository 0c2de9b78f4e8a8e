// arithmetic.cc: functions of one and of two numbers, element by element, with broadcasting.

#include <cmath>

#include "../element.h"
#include "arithmetic.h"
#include "strided_loop.h"

namespace resnet {
bool findUnary(const std::string& name, Unary& function) {
#define RESNET_NAMED(each) if (name == #each) return function = Unary::each, true;
  RESNET_UNARY_FUNCTIONS(RESNET_NAMED)
#undef RESNET_NAMED
  return false;
}

bool findBinary(const std::string& name, Binary& function) {
#define RESNET_NAMED(each) if (name == #each) return function = Binary::each, true;
  RESNET_BINARY_FUNCTIONS(RESNET_NAMED)
#undef RESNET_NAMED
  return false;
}

void requireBroadcast(const OpReader& op, const Operand& y,
                      const std::vector<std::pair<const char*, Operand>>& operands) {
  Shape shape;
  for (const auto& [name, operand] : operands) {
    if (!operand) continue;
    const Shape& own = operand.shape();
    if (own.size() > shape.size()) shape.insert(shape.begin(), own.size() - shape.size(), 1);
    for (size_t i = 0; i < own.size(); i++) {
      long& size = shape[shape.size() - own.size() + i];
      size = std::max(size, own[i]);
    }
  }
  op.requireShape("y", y, shape);
  for (const auto& [name, operand] : operands) {
    if (!operand || broadcastsTo(operand.shape(), shape)) continue;
    op.fail(std::string(name) + " of shape " + formatShape(operand.shape()) +
            " does not broadcast to " + formatShape(shape));
  }
}

namespace {

template <class F>
F functionNamed(const OpReader& op, bool (*find)(const std::string&, F&)) {
  const std::string& name = op.word("function");
  F function;
  if (!find(name, function)) op.fail("the native executor does not know the function " + name);
  return function;
}

UnaryFunction readUnary(const OpReader& op) {
  const auto constant = [&](const char* attr, double absent) {
    return static_cast<float>(op.has(attr) ? op.number(attr) : absent);
  };
  const Unary name = functionNamed(op, findUnary);
  if (name == Unary::clamp) return {name, constant("min", -INFINITY), constant("max", INFINITY)};
  if (name == Unary::softplus) return {name, constant("beta", 1), constant("threshold", 20)};
  return {name, 0, 0};
}

Strides stridesOrNone(const Operand& operand, const Shape& target) {
  return operand ? broadcastStrides(operand.shape(), target) : Strides(target.size(), 0);
}

}  // namespace

KernelCall makeUnary(OpReader& op) {
  const Operand x = op.input("x"), y = op.output("y");
  const UnaryFunction function = readUnary(op);
  return byElement(op.element, [&](auto zero) -> KernelCall {
    using T = decltype(zero);
    return [=](const RunContext& context) {
      parallelBlocks(context, x.elements(), elementBlock / 4, [&](long begin, long end) {
        context.kernels.of<T>().unary(function, x.in<T>(context) + begin, y.in<T>(context) + begin,
                                      end - begin);
      });
    };
  });
}

KernelCall makeUnaryGrad(OpReader& op) {
  const Operand dy = op.input("dy"), at = op.input("at"), dx = op.output("dx");
  const UnaryFunction function = readUnary(op);
  return byElement(op.element, [&](auto zero) -> KernelCall {
    using T = decltype(zero);
    return [=](const RunContext& context) {
      parallelBlocks(context, dy.elements(), elementBlock / 4, [&](long begin, long end) {
        context.kernels.of<T>().unaryGrad(function, dy.in<T>(context) + begin,
                                          at.in<T>(context) + begin, dx.in<T>(context) + begin,
                                          end - begin);
      });
    };
  });
}

KernelCall makeBinary(OpReader& op) {
  const Operand a = op.input("a"), b = op.input("b"), y = op.output("y");
  if ((!a && !b) || (a && b) == op.has("scalar")) {
    op.fail("it takes two tensors, or a tensor and a number");
  }
  requireBroadcast(op, y, {{"a", a}, {"b", b}});
  const Binary function = functionNamed(op, findBinary);
  const float scalar = op.has("scalar") ? static_cast<float>(op.number("scalar")) : 0;
  const StridedLoop loop(y.shape(), {stridesOf(y.shape()), stridesOrNone(a, y.shape()),
                                     stridesOrNone(b, y.shape())});
  return byElement(op.element, [&](auto zero) -> KernelCall {
    using T = decltype(zero);
    return [=](const RunContext& context) {
      const T *left = a.in<T>(context), *right = b.in<T>(context);
      loop.run(context, [&](const long* places, long count) {
        const BinaryCall<T> call{function,
                                 {left ? left + places[1] : nullptr, loop.step(1)},
                                 {right ? right + places[2] : nullptr, loop.step(2)},
                                 y.in<T>(context) + places[0],
                                 count,
                                 scalar};
        context.kernels.of<T>().binary(&call);
      });
    };
  });
}

KernelCall makeWhere(OpReader& op) {
  const Operand condition = op.input("condition"), a = op.input("a"), b = op.input("b");
  const Operand y = op.output("y");
  if (static_cast<bool>(a) == op.has("scalarA") || static_cast<bool>(b) == op.has("scalarB")) {
    op.fail("it takes a tensor or a number for each of a and b");
  }
  requireBroadcast(op, y, {{"condition", condition}, {"a", a}, {"b", b}});
  const auto scalar = [&](const char* attr) {
    return static_cast<float>(op.has(attr) ? op.number(attr) : 0);
  };
  const float scalarA = scalar("scalarA"), scalarB = scalar("scalarB");
  const Shape& shape = y.shape();
  const StridedLoop loop(shape, {stridesOf(shape), broadcastStrides(condition.shape(), shape),
                                 stridesOrNone(a, shape), stridesOrNone(b, shape)});
  return byElement(op.element, [&](auto zero) -> KernelCall {
    using T = decltype(zero);
    const T oneA = fromFloat<T>(scalarA), oneB = fromFloat<T>(scalarB);
    return [=](const RunContext& context) {
      loop.run(context, [&](const long* places, long count) {
        const T* first = a ? a.in<T>(context) + places[2] : &oneA;
        const T* second = b ? b.in<T>(context) + places[3] : &oneB;
        context.kernels.of<T>().where({condition.in<T>(context) + places[1], loop.step(1)},
                                      {first, loop.step(2)}, {second, loop.step(3)},
                                      y.in<T>(context) + places[0], count);
      });
    };
  });
}

}  // namespace resnet
