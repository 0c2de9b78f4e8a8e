// conv2d.cc: conv2d and its two gradients, and linear, which is the same product on a 1x1 image.

#include <memory>

#include "../conv/conv_product.h"
#include "../conv/conv_weight_grad.h"
#include "../conv/depthwise.h"
#include "../conv/winograd_product.h"

namespace resnet {
namespace {

/**
 * The geometry of a convolution from its attributes and the shapes of image, output and weight.
 *
 * Checks what a signature cannot say: that the groups divide the channels, and the size of the output.
 */
ConvShape readShape(const OpReader& op, const Operand& image, const Operand& output,
                    const Operand& weight) {
  const Shape &in = image.shape(), &out = output.shape(), &filter = weight.shape();
  ConvShape shape{};
  shape.h = in[0], shape.w = in[1], shape.n = in[2], shape.cin = in[3];
  shape.oh = out[0], shape.ow = out[1];
  shape.kh = filter[0], shape.kw = filter[1], shape.cout = filter[3];
  shape.stride = op.integer("stride");
  shape.padding = op.integer("padding");
  shape.groups = op.integer("groups");
  if (shape.cin != filter[2] * shape.groups || shape.cout % shape.groups != 0) {
    op.fail(std::to_string(shape.cin) + " input and " + std::to_string(shape.cout) +
            " output channels do not divide into " + std::to_string(shape.groups) +
            " groups of a weight of shape " + formatShape(filter));
  }
  const auto size = [&](long input, long kernel) {
    const long span = input + 2 * shape.padding - kernel;
    return span < 0 ? 0 : span / shape.stride + 1;
  };
  const Shape expected = {size(shape.h, shape.kh), size(shape.w, shape.kw), shape.n, shape.cout};
  if (out != expected) {
    op.fail("an image of shape " + formatShape(in) + " gives an output of shape " +
            formatShape(expected) + " but it has " + formatShape(out));
  }
  return shape;
}

ConvShape linearShape(long n, long in, long out) { return {1, 1, n, in, 1, 1, out, 1, 1, 1, 0, 1}; }

template <class T>
using RunProduct = std::function<void(const RunContext&, const ProductOperands<T>&)>;

/** The product of a convolution or of its data gradient, by the method that is chosen for it. */
template <class T>
RunProduct<T> makeProduct(OpReader& op, const ConvShape& shape, Direction direction, bool moments,
                          Scratch* persistent) {
  if (isDepthwise(shape)) {
    const auto product =
        std::make_shared<DepthwiseProduct<T>>(shape, direction, moments, op.threads, op.scratch);
    return [=](const auto& context, const auto& operands) { product->run(context, operands); };
  }
  const Method method = chooseMethod({shape, direction, moments, persistent != nullptr,
                                      static_cast<long>(sizeof(T)), op.kernels.of<T>().tile,
                                      op.threads});
  if constexpr (sizeof(T) == sizeof(float)) {
    if (method == Method::winograd) {
      const auto product = std::make_shared<WinogradProduct>(shape, direction, moments, op.kernels,
                                                             op.threads, op.scratch, persistent);
      return [=](const auto& context, const auto& operands) { product->run(context, operands); };
    }
  }
  const auto product = std::make_shared<ConvProduct<T>>(
      shape, direction, method, moments, op.kernels, op.threads, op.scratch, persistent);
  return [=](const auto& context, const auto& operands) { product->run(context, operands); };
}

}  // namespace

KernelCall makeConv2d(OpReader& op) {
  const Operand x = op.input("x"), weight = op.input("weight");
  const Operand y = op.output("y"), residual = op.input("residual");
  const Operand bias = op.input("bias"), scale = op.input("scale");
  const Operand mean = op.output("mean"), variance = op.output("variance");
  const ConvShape shape = readShape(op, x, y, weight);
  float slope;
  const Activation activation = op.activation(slope);
  const bool moments = mean || variance;
  const size_t unread = op.scratch.reserve(moments ? sizeof(float) * shape.cout : 0);
  Scratch* const persistent = op.isConstant(weight) ? &op.persistent : nullptr;
  return byElement(op.element, [&](auto zero) -> KernelCall {
    using T = decltype(zero);
    const auto run = makeProduct<T>(op, shape, Direction::forward, moments, persistent);
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

KernelCall makeConv2dInputGrad(OpReader& op) {
  const Operand dy = op.input("dy"), weight = op.input("weight");
  const Operand dx = op.output("dx"), addend = op.input("addend");
  const ConvShape shape = readShape(op, dx, dy, weight);
  return byElement(op.element, [&](auto zero) -> KernelCall {
    using T = decltype(zero);
    const auto run = makeProduct<T>(op, shape, Direction::inputGrad, false, nullptr);
    return [=](const RunContext& context) {
      ProductOperands<T> operands{dy.in<T>(context), weight.in<float>(context), dx.in<T>(context)};
      operands.residual = addend.in<T>(context);
      run(context, operands);
    };
  });
}

KernelCall makeConvTranspose2d(OpReader& op) {
  const Operand x = op.input("x"), weight = op.input("weight"), y = op.output("y");
  const ConvShape shape = readShape(op, y, x, weight);
  return byElement(op.element, [&](auto zero) -> KernelCall {
    using T = decltype(zero);
    const auto run = makeProduct<T>(op, shape, Direction::inputGrad, false, nullptr);
    return [=](const RunContext& context) {
      run(context, {x.in<T>(context), weight.in<float>(context), y.in<T>(context)});
    };
  });
}

KernelCall makeConv2dWeightGrad(OpReader& op) {
  const Operand x = op.input("x"), dy = op.input("dy");
  const Operand dweight = op.output("dweight");
  const ConvShape shape = readShape(op, x, dy, dweight);
  return byElement(op.element, [&](auto zero) -> KernelCall {
    using T = decltype(zero);
    const auto make = [&](const auto& product) -> KernelCall {
      return [=](const RunContext& context) {
        product->run(context, x.in<T>(context), dy.in<T>(context), dweight.in<float>(context));
      };
    };
    if (isDepthwise(shape)) {
      return make(std::make_shared<DepthwiseWeightGrad<T>>(shape, op.threads, op.scratch));
    }
    return make(std::make_shared<ConvWeightGrad<T>>(shape, op.kernels, op.threads, op.scratch));
  });
}

KernelCall makeLinear(OpReader& op) {
  const Operand x = op.input("x"), weight = op.input("weight"), y = op.output("y");
  const Operand bias = op.input("bias");
  const ConvShape shape = linearShape(x.shape()[0], x.shape()[1], weight.shape()[1]);
  Scratch* const persistent = op.isConstant(weight) ? &op.persistent : nullptr;
  const auto run = makeProduct<float>(op, shape, Direction::forward, false, persistent);
  return [=](const RunContext& context) {
    ProductOperands<float> operands{x.in<float>(context), weight.in<float>(context),
                                    y.in<float>(context)};
    operands.bias = bias.in<float>(context);
    operands.weightVersion = context.versions[weight.id];
    run(context, operands);
  };
}

KernelCall makeLinearInputGrad(OpReader& op) {
  const Operand dy = op.input("dy"), weight = op.input("weight"), dx = op.output("dx");
  const ConvShape shape = linearShape(dy.shape()[0], weight.shape()[0], weight.shape()[1]);
  const auto run = makeProduct<float>(op, shape, Direction::inputGrad, false, nullptr);
  return [=](const RunContext& context) {
    run(context, {dy.in<float>(context), weight.in<float>(context), dx.in<float>(context)});
  };
}

KernelCall makeLinearWeightGrad(OpReader& op) {
  const Operand x = op.input("x"), dy = op.input("dy"), dweight = op.output("dweight");
  const ConvShape shape = linearShape(x.shape()[0], x.shape()[1], dy.shape()[1]);
  const auto product =
      std::make_shared<ConvWeightGrad<float>>(shape, op.kernels, op.threads, op.scratch);
  return [=](const RunContext& context) {
    product->run(context, x.in<float>(context), dy.in<float>(context), dweight.in<float>(context));
  };
}

}  // namespace resnet
