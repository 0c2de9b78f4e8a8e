// optimizers.cc: one weight update, and the norm of the gradients behind it.

#include <cmath>

#include "op.h"

namespace resnet {
namespace {

float scalar(const Operand& operand, const RunContext& context) {
  return *operand.in<float>(context);
}

}  // namespace

KernelCall makeSgd(OpReader& op) {
  const Operand parameter = op.input("parameter"), gradient = op.input("gradient");
  const Operand rate = op.input("learningRate"), newParameter = op.output("newParameter");
  const Operand velocity = op.input("velocity"), momentum = op.input("momentum");
  const Operand newVelocity = op.output("newVelocity");
  const Operand scale = op.input("gradientScale");
  const bool nesterov = op.flag("nesterov");
  const double lrScale = op.number("lrScale");
  const float weightDecay = static_cast<float>(op.number("weightDecay"));
  return [=](const RunContext& context) {
    SgdCall call{};
    call.parameter = parameter.in<float>(context);
    call.gradient = gradient.in<float>(context);
    call.velocity = velocity.in<float>(context);
    call.newParameter = newParameter.in<float>(context);
    call.newVelocity = newVelocity.in<float>(context);
    call.gradientScale = scale ? scalar(scale, context) : 1;
    call.learningRate = static_cast<float>(lrScale * scalar(rate, context));
    call.momentum = momentum ? scalar(momentum, context) : 0;
    call.weightDecay = weightDecay;
    call.nesterov = nesterov;
    parallelBlocks(context, parameter.elements(), elementBlock, [&](long begin, long end) {
      context.kernels.sgd(&call, begin, end);
    });
  };
}

KernelCall makeAdam(OpReader& op) {
  const Operand parameter = op.input("parameter"), gradient = op.input("gradient");
  const Operand rate = op.input("learningRate"), step = op.input("step");
  const Operand first = op.input("firstMoment"), second = op.input("secondMoment");
  const Operand newParameter = op.output("newParameter");
  const Operand newFirst = op.output("newFirstMoment"), newSecond = op.output("newSecondMoment");
  const Operand scale = op.input("gradientScale");
  const double lrScale = op.number("lrScale");
  const double beta1 = op.number("beta1"), beta2 = op.number("beta2");
  const float eps = static_cast<float>(op.number("eps"));
  const float weightDecay = static_cast<float>(op.number("weightDecay"));
  const bool decoupled = op.flag("decoupled");
  return [=](const RunContext& context) {
    AdamCall call{};
    call.parameter = parameter.in<float>(context);
    call.gradient = gradient.in<float>(context);
    call.firstMoment = first.in<float>(context);
    call.secondMoment = second.in<float>(context);
    call.newParameter = newParameter.in<float>(context);
    call.newFirstMoment = newFirst.in<float>(context);
    call.newSecondMoment = newSecond.in<float>(context);
    const double count = scalar(step, context);
    const double learningRate = lrScale * scalar(rate, context);
    call.gradientScale = scale ? scalar(scale, context) : 1;
    call.learningRate = static_cast<float>(learningRate);
    call.beta1Rest = static_cast<float>(1 - beta1);
    call.beta2 = static_cast<float>(beta2);
    call.beta2Rest = static_cast<float>(1 - beta2);
    call.eps = eps;
    call.weightDecay = weightDecay;
    call.stepSize = static_cast<float>(learningRate / (1 - std::pow(beta1, count)));
    call.rootCorrection = static_cast<float>(std::sqrt(1 - std::pow(beta2, count)));
    call.decoupled = decoupled;
    parallelBlocks(context, parameter.elements(), elementBlock, [&](long begin, long end) {
      context.kernels.adam(&call, begin, end);
    });
  };
}

KernelCall makeSquaredNorm(OpReader& op) {
  const Operand x = op.input("x"), addend = op.input("addend"), y = op.output("y");
  const long blocks = (x.elements() + elementBlock - 1) / elementBlock;
  const size_t partial = op.scratch.reserve(sizeof(double) * static_cast<size_t>(blocks));
  return [=](const RunContext& context) {
    double* sums = reinterpret_cast<double*>(context.scratch + partial);
    parallelBlocks(context, x.elements(), elementBlock, [&](long begin, long end) {
      context.kernels.sumOfSquares(x.in<float>(context) + begin, end - begin,
                                   sums + begin / elementBlock);
    });
    double sum = addend ? scalar(addend, context) : 0;
    for (long b = 0; b < blocks; b++) sum += sums[b];
    *y.in<float>(context) = static_cast<float>(sum);
  };
}

KernelCall makeClipScale(OpReader& op) {
  const Operand square = op.input("squaredNorm");
  const Operand scale = op.output("scale"), norm = op.output("norm");
  const double maxNorm = op.number("maxNorm");
  return [=](const RunContext& context) {
    const double root = std::sqrt(static_cast<double>(scalar(square, context)));
    if (norm) *norm.in<float>(context) = static_cast<float>(root);
    const double bound = maxNorm / (root + 1e-6);
    *scale.in<float>(context) = bound < 1 || std::isnan(bound) ? static_cast<float>(bound) : 1;
  };
}

}  // namespace resnet
