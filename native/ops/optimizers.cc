// optimizers.cc: one weight update.

#include <cmath>

#include "op.h"

namespace resnet {
namespace {

float scalar(const Operand& operand, const RunContext& context) {
  return *operand.in<float>(context);
}

}  // namespace

Step makeSgd(OpReader& op) {
  const Operand parameter = op.input("parameter"), gradient = op.input("gradient");
  const Operand rate = op.input("learningRate"), newParameter = op.output("newParameter");
  const Operand velocity = op.optionalInput("velocity"), momentum = op.optionalInput("momentum");
  const Operand newVelocity = op.optionalOutput("newVelocity");
  for (const Operand& operand : {gradient, newParameter, velocity, newVelocity}) {
    op.requireShape("every operand", operand, parameter.shape());
  }
  op.requireShape("learningRate", rate, {});
  op.requireShape("momentum", momentum, {});
  const bool nesterov = op.flag("nesterov");
  const float weightDecay = static_cast<float>(op.number("weightDecay"));
  return [=](const RunContext& context) {
    SgdCall call{};
    call.parameter = parameter.in<float>(context);
    call.gradient = gradient.in<float>(context);
    call.velocity = velocity.in<float>(context);
    call.newParameter = newParameter.in<float>(context);
    call.newVelocity = newVelocity.in<float>(context);
    call.learningRate = scalar(rate, context);
    call.momentum = momentum ? scalar(momentum, context) : 0;
    call.weightDecay = weightDecay;
    call.nesterov = nesterov;
    parallelBlocks(context, parameter.elements(), elementBlock, [&](long begin, long end) {
      context.kernels.sgd(&call, begin, end);
    });
  };
}

Step makeAdam(OpReader& op) {
  const Operand parameter = op.input("parameter"), gradient = op.input("gradient");
  const Operand rate = op.input("learningRate"), step = op.input("step");
  const Operand first = op.input("firstMoment"), second = op.input("secondMoment");
  const Operand newParameter = op.output("newParameter");
  const Operand newFirst = op.output("newFirstMoment"), newSecond = op.output("newSecondMoment");
  for (const Operand& operand : {gradient, first, second, newParameter, newFirst, newSecond}) {
    op.requireShape("every operand", operand, parameter.shape());
  }
  op.requireShape("learningRate", rate, {});
  op.requireShape("step", step, {});
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
    const double count = scalar(step, context), learningRate = scalar(rate, context);
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

}  // namespace resnet
