// conv2d.cc: conv2d and its two gradients, and linear, which is the same product on a 1x1 image.

#include <memory>

#include "../conv/conv_product.h"
#include "../conv/conv_weight_grad.h"
#include "../conv/winograd_product.h"

namespace resnet {
namespace {

constexpr long mostSteps = 1 << 20;

/** Reads the attributes and checks them against the two images and the weight's shape. */
ConvShape readShape(const OpReader& op, const Shape& image, const Shape& output, long kh, long kw,
                    long cout) {
  ConvShape shape{};
  shape.h = image[0], shape.w = image[1], shape.n = image[2], shape.cin = image[3];
  shape.oh = output[0], shape.ow = output[1];
  shape.kh = kh, shape.kw = kw, shape.cout = cout;
  shape.stride = op.integer("stride", 1, mostSteps);
  shape.padding = op.integer("padding", 0, mostSteps);
  shape.groups = op.integer("groups", 1, mostSteps);
  if (shape.cin % shape.groups != 0 || shape.cout % shape.groups != 0) {
    op.fail(std::to_string(shape.cin) + " input and " + std::to_string(shape.cout) +
            " output channels do not divide into " + std::to_string(shape.groups) + " groups");
  }
  const auto size = [&](long input, long kernel) {
    const long span = input + 2 * shape.padding - kernel;
    return span < 0 ? 0 : span / shape.stride + 1;
  };
  const Shape expected = {size(shape.h, kh), size(shape.w, kw), shape.n, cout};
  if (output != expected) {
    op.fail("an image of shape " + formatShape(image) + " gives an output of shape " +
            formatShape(expected) + " but it has " + formatShape(output));
  }
  return shape;
}

Shape weightShape(const ConvShape& shape) {
  return {shape.kh, shape.kw, shape.cinPerGroup(), shape.cout};
}

ConvShape linearShape(long n, long in, long out) { return {1, 1, n, in, 1, 1, out, 1, 1, 1, 0, 1}; }

std::pair<long, long> readPair(const OpReader& op, const char* attr) {
  const std::vector<double> values = op.numbers(attr, 2);
  for (double value : values) {
    if (value < 1 || value > mostSteps || value != static_cast<double>(static_cast<long>(value))) {
      op.fail(std::string("the attribute ") + attr + " must be two positive integers");
    }
  }
  return {static_cast<long>(values[0]), static_cast<long>(values[1])};
}

template <class T>
using RunProduct = std::function<void(const RunContext&, const ProductOperands<T>&)>;

/** The product of a convolution or of its data gradient, in the way that is cheapest for it. */
template <class T>
RunProduct<T> makeProduct(OpReader& op, const ConvShape& shape, Direction direction, bool moments,
                          Scratch* keep) {
  if constexpr (sizeof(T) == sizeof(float)) {
    if (suitsWinograd(shape, direction, moments, keep != nullptr)) {
      const auto product = std::make_shared<WinogradProduct>(shape, direction, moments, op.kernels,
                                                             op.threads, op.scratch, keep);
      return [=](const auto& context, const auto& operands) { product->run(context, operands); };
    }
  }
  const auto product = std::make_shared<ConvProduct<T>>(shape, direction, moments, op.kernels,
                                                        op.threads, op.scratch, keep);
  return [=](const auto& context, const auto& operands) { product->run(context, operands); };
}

}  // namespace

Step makeConv2d(OpReader& op) {
  const DType element = op.element("x");
  const Operand x = op.input("x", element), weight = op.input("weight");
  const Operand y = op.output("y", element), residual = op.optionalInput("residual", element);
  const Operand bias = op.optionalInput("bias"), scale = op.optionalInput("scale");
  const Operand mean = op.optionalOutput("mean"), variance = op.optionalOutput("variance");
  op.requireAxes("x", x, 4);
  op.requireAxes("weight", weight, 4);
  op.requireAxes("y", y, 4);
  const ConvShape shape = readShape(op, x.shape(), y.shape(), weight.shape()[0], weight.shape()[1],
                                    weight.shape()[3]);
  op.requireShape("weight", weight, weightShape(shape));
  op.requireShape("residual", residual, y.shape());
  op.requireShape("bias", bias, {shape.cout});
  op.requireShape("scale", scale, {shape.cout});
  op.requireShape("mean", mean, {shape.cout});
  op.requireShape("variance", variance, {shape.cout});
  float slope;
  const Activation activation = op.activation(slope);
  const bool moments = mean || variance;
  const size_t unread = op.scratch.reserve(moments ? sizeof(float) * shape.cout : 0);
  Scratch* const keep = op.isConstant(weight) ? &op.kept : nullptr;
  return byElement(element, [&](auto zero) -> Step {
    using T = decltype(zero);
    const auto run = makeProduct<T>(op, shape, Direction::forward, moments, keep);
    return [=](const RunContext& context) {
      ProductOperands<T> operands{x.in<T>(context), weight.in<float>(context), y.in<T>(context)};
      operands.scale = scale.in<float>(context);
      operands.bias = bias.in<float>(context);
      operands.residual = residual.in<T>(context);
      operands.activation = activation;
      operands.slope = slope;
      operands.weightVersion = context.versions[weight.id];
      // Where only one of the two is wanted, the other goes to scratch.
      float* spare = reinterpret_cast<float*>(context.scratch + unread);
      operands.mean = mean ? mean.in<float>(context) : spare;
      operands.variance = variance ? variance.in<float>(context) : spare;
      run(context, operands);
    };
  });
}

Step makeConv2dInputGrad(OpReader& op) {
  const DType element = op.element("dy");
  const Operand dy = op.input("dy", element), weight = op.input("weight");
  const Operand dx = op.output("dx", element), addend = op.optionalInput("addend", element);
  op.requireAxes("dy", dy, 4);
  op.requireAxes("weight", weight, 4);
  op.requireAxes("dx", dx, 4);
  const ConvShape shape = readShape(op, dx.shape(), dy.shape(), weight.shape()[0],
                                    weight.shape()[1], weight.shape()[3]);
  op.requireShape("weight", weight, weightShape(shape));
  op.requireShape("addend", addend, dx.shape());
  const auto [height, width] = readPair(op, "imageSize");
  op.requireShape("dx", dx, {height, width, shape.n, shape.cin});
  return byElement(element, [&](auto zero) -> Step {
    using T = decltype(zero);
    const auto run = makeProduct<T>(op, shape, Direction::inputGrad, false, nullptr);
    return [=](const RunContext& context) {
      ProductOperands<T> operands{dy.in<T>(context), weight.in<float>(context), dx.in<T>(context)};
      operands.residual = addend.in<T>(context);
      run(context, operands);
    };
  });
}

Step makeConv2dWeightGrad(OpReader& op) {
  const DType element = op.element("x");
  const Operand x = op.input("x", element), dy = op.input("dy", element);
  const Operand dweight = op.output("dweight");
  op.requireAxes("x", x, 4);
  op.requireAxes("dy", dy, 4);
  const auto [kh, kw] = readPair(op, "kernelSize");
  const ConvShape shape = readShape(op, x.shape(), dy.shape(), kh, kw, dy.shape()[3]);
  op.requireShape("dweight", dweight, weightShape(shape));
  return byElement(element, [&](auto zero) -> Step {
    using T = decltype(zero);
    const auto product =
        std::make_shared<ConvWeightGrad<T>>(shape, op.kernels, op.threads, op.scratch);
    return [=](const RunContext& context) {
      product->run(context, x.in<T>(context), dy.in<T>(context), dweight.in<float>(context));
    };
  });
}

Step makeLinear(OpReader& op) {
  const Operand x = op.input("x"), weight = op.input("weight"), y = op.output("y");
  const Operand bias = op.optionalInput("bias");
  op.requireAxes("x", x, 2);
  op.requireAxes("weight", weight, 2);
  const ConvShape shape = linearShape(x.shape()[0], x.shape()[1], weight.shape()[1]);
  op.requireShape("weight", weight, {shape.cin, shape.cout});
  op.requireShape("y", y, {shape.n, shape.cout});
  op.requireShape("bias", bias, {shape.cout});
  const auto product = std::make_shared<ConvProduct<float>>(
      shape, Direction::forward, false, op.kernels, op.threads, op.scratch,
      op.isConstant(weight) ? &op.kept : nullptr);
  return [=](const RunContext& context) {
    ProductOperands<float> operands{x.in<float>(context), weight.in<float>(context),
                                    y.in<float>(context)};
    operands.bias = bias.in<float>(context);
    operands.weightVersion = context.versions[weight.id];
    product->run(context, operands);
  };
}

Step makeLinearInputGrad(OpReader& op) {
  const Operand dy = op.input("dy"), weight = op.input("weight"), dx = op.output("dx");
  op.requireAxes("dy", dy, 2);
  op.requireAxes("weight", weight, 2);
  const ConvShape shape = linearShape(dy.shape()[0], weight.shape()[0], weight.shape()[1]);
  op.requireShape("dy", dy, {shape.n, shape.cout});
  op.requireShape("dx", dx, {shape.n, shape.cin});
  const auto product = std::make_shared<ConvProduct<float>>(
      shape, Direction::inputGrad, false, op.kernels, op.threads, op.scratch);
  return [=](const RunContext& context) {
    product->run(context, {dy.in<float>(context), weight.in<float>(context),
                           dx.in<float>(context)});
  };
}

Step makeLinearWeightGrad(OpReader& op) {
  const Operand x = op.input("x"), dy = op.input("dy"), dweight = op.output("dweight");
  op.requireAxes("x", x, 2);
  op.requireAxes("dy", dy, 2);
  const ConvShape shape = linearShape(x.shape()[0], x.shape()[1], dy.shape()[1]);
  op.requireShape("dy", dy, {shape.n, shape.cout});
  op.requireShape("dweight", dweight, {shape.cin, shape.cout});
  const auto product =
      std::make_shared<ConvWeightGrad<float>>(shape, op.kernels, op.threads, op.scratch);
  return [=](const RunContext& context) {
    product->run(context, x.in<float>(context), dy.in<float>(context), dweight.in<float>(context));
  };
}

}  // namespace resnet
