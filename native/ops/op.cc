#include "op.h"

#include <cmath>

#include "../error.h"

namespace resnet {
namespace {

struct OpEntry {
  Step (*make)(OpReader& op);
  // Pairs of output and input that may share memory.
  std::vector<std::pair<const char*, const char*>> inPlace;
};

const std::map<std::string, OpEntry>& registry() {
  static const std::map<std::string, OpEntry> ops = {
      {"ingest", {makeIngest, {}}},
      {"gatherLabels", {makeGatherLabels, {}}},
      {"mixSamples", {makeMixSamples, {}}},
      {"conv2d", {makeConv2d, {{"y", "residual"}}}},
      {"conv2dInputGrad", {makeConv2dInputGrad, {{"dx", "addend"}}}},
      {"conv2dWeightGrad", {makeConv2dWeightGrad, {}}},
      {"biasGrad", {makeBiasGrad, {}}},
      {"linear", {makeLinear, {}}},
      {"linearInputGrad", {makeLinearInputGrad, {}}},
      {"linearWeightGrad", {makeLinearWeightGrad, {}}},
      {"batchNormStatistics", {makeBatchNormStatistics, {}}},
      {"batchNorm2d", {makeBatchNorm2d, {{"y", "x"}, {"y", "residual"}}}},
      {"batchNormParamGrad", {makeBatchNormParamGrad, {{"dz", "dy"}}}},
      {"batchNormInputGrad", {makeBatchNormInputGrad, {{"dx", "dy"}}}},
      {"batchNormFold", {makeBatchNormFold, {}}},
      {"runningStatistics",
       {makeRunningStatistics,
        {{"newMean", "runningMean"}, {"newVariance", "runningVariance"}}}},
      {"relu", {makeRelu, {{"y", "x"}}}},
      {"leakyRelu", {makeLeakyRelu, {{"y", "x"}}}},
      {"reluGrad", {makeReluGrad, {{"dx", "dy"}}}},
      {"leakyReluGrad", {makeLeakyReluGrad, {{"dx", "dy"}}}},
      {"add", {makeAdd, {{"y", "a"}, {"y", "b"}}}},
      {"constant", {makeConstant, {}}},
      {"lerp", {makeLerp, {{"y", "start"}, {"y", "end"}}}},
      {"squaredNorm", {makeSquaredNorm, {}}},
      {"clipScale", {makeClipScale, {}}},
      {"maxPool2d", {makeMaxPool2d, {}}},
      {"maxPool2dGrad", {makeMaxPool2dGrad, {}}},
      {"avgPool2d", {makeAvgPool2d, {}}},
      {"avgPool2dGrad", {makeAvgPool2dGrad, {}}},
      {"adaptiveAvgPool2d", {makeAdaptiveAvgPool2d, {}}},
      {"adaptiveAvgPool2dGrad", {makeAdaptiveAvgPool2dGrad, {}}},
      {"adaptiveMaxPool2d", {makeAdaptiveMaxPool2d, {}}},
      {"adaptiveMaxPool2dGrad", {makeAdaptiveMaxPool2dGrad, {}}},
      {"flatten", {makeFlatten, {}}},
      {"flattenGrad", {makeFlattenGrad, {}}},
      {"subsample", {makeSubsample, {}}},
      {"subsampleGrad", {makeSubsampleGrad, {}}},
      {"dropout", {makeDropout, {{"y", "x"}}}},
      {"stochasticDepth", {makeStochasticDepth, {{"y", "x"}}}},
      {"softmaxCrossEntropy", {makeSoftmaxCrossEntropy, {}}},
      {"softmaxCrossEntropyGrad", {makeSoftmaxCrossEntropyGrad, {}}},
      {"sgd", {makeSgd, {{"newParameter", "parameter"}, {"newVelocity", "velocity"}}}},
      {"adam",
       {makeAdam,
        {{"newParameter", "parameter"},
         {"newFirstMoment", "firstMoment"},
         {"newSecondMoment", "secondMoment"}}}},
  };
  return ops;
}

}  // namespace

std::string instructionLabel(const Instruction& instruction, size_t number) {
  std::string label = "instruction " + std::to_string(number) + ", " + instruction.op;
  if (!instruction.module.empty()) label += " in " + instruction.module;
  return label;
}

Step makeStep(OpReader& reader, const std::string& op) {
  const auto entry = registry().find(op);
  if (entry == registry().end()) reader.fail("the native executor does not know this op");
  Step step = entry->second.make(reader);
  reader.finish();
  return step;
}

bool allowsInPlace(const std::string& op, const std::string& output, const std::string& input) {
  const auto entry = registry().find(op);
  if (entry == registry().end()) return false;
  for (const auto& [out, in] : entry->second.inPlace) {
    if (output == out && input == in) return true;
  }
  return false;
}

void OpReader::fail(const std::string& message) const {
  throw EngineError("ERR_PROGRAM", label() + ": " + message);
}

Operand OpReader::get(const char* name, DType dtype, bool isInput, bool required) {
  used_.insert(name);
  const auto& operands = isInput ? instruction_.inputs : instruction_.outputs;
  const auto entry = operands.find(name);
  if (entry == operands.end()) {
    const std::string kind = isInput ? "the input " : "the output ";
    if (required) fail(kind + name + " is missing");
    return {};
  }
  const BufferSpec& spec = program_.buffers[static_cast<size_t>(entry->second)];
  if (spec.dtype != dtype) {
    fail(std::string(name) + " is " + dtypeName(spec.dtype) + " but must be " + dtypeName(dtype));
  }
  return {entry->second, &spec};
}

DType OpReader::element(const char* name) const {
  for (const auto* operands : {&instruction_.inputs, &instruction_.outputs}) {
    const auto entry = operands->find(name);
    if (entry == operands->end()) continue;
    const DType dtype = program_.buffers[static_cast<size_t>(entry->second)].dtype;
    if (dtype == DType::f32 || dtype == DType::bf16) return dtype;
    fail(std::string(name) + " is " + dtypeName(dtype) + " but must be f32 or bf16");
  }
  return DType::f32;
}

bool OpReader::isConstant(const Operand& operand) const {
  if (!operand || operand.spec->place != Place::state) return false;
  for (const Instruction& instruction : program_.instructions) {
    for (const auto& [name, id] : instruction.outputs) {
      const BufferSpec& written = program_.buffers[static_cast<size_t>(id)];
      if (written.place == Place::state && written.name == operand.spec->name) return false;
    }
  }
  return true;
}

const AttrValue& OpReader::attr(const char* name) const {
  const auto entry = instruction_.attrs.find(name);
  if (entry == instruction_.attrs.end()) {
    fail(std::string("the attribute ") + name + " is missing");
  }
  return entry->second;
}

double OpReader::number(const char* name) const {
  const double* value = std::get_if<double>(&attr(name));
  if (!value || !std::isfinite(*value)) {
    fail(std::string("the attribute ") + name + " must be a finite number");
  }
  return *value;
}

long OpReader::integer(const char* name, long least, long most) const {
  const double value = number(name);
  if (value != std::floor(value) || value < static_cast<double>(least) ||
      value > static_cast<double>(most)) {
    fail(std::string("the attribute ") + name + " must be an integer from " +
         std::to_string(least) + " to " + std::to_string(most));
  }
  return static_cast<long>(value);
}

std::vector<double> OpReader::numbers(const char* name, size_t count) const {
  const auto* values = std::get_if<std::vector<double>>(&attr(name));
  if (!values || values->size() != count) {
    fail(std::string("the attribute ") + name + " must be " + std::to_string(count) + " numbers");
  }
  for (double value : *values) {
    if (!std::isfinite(value)) fail(std::string("the attribute ") + name + " must be finite");
  }
  return *values;
}

std::vector<double> OpReader::optionalNumbers(const char* name, size_t count) const {
  return instruction_.attrs.count(name) == 0 ? std::vector<double>() : numbers(name, count);
}

bool OpReader::flag(const char* name) const {
  const bool* value = std::get_if<bool>(&attr(name));
  if (!value) fail(std::string("the attribute ") + name + " must be true or false");
  return *value;
}

Activation OpReader::activation(float& slope) const {
  const auto* name = std::get_if<std::string>(&attr("activation"));
  slope = static_cast<float>(number("slope"));
  if (name && *name == "none") return Activation::none;
  if (name && *name == "relu") return Activation::relu;
  if (name && *name == "leakyRelu") return Activation::leakyRelu;
  fail("the attribute activation must be \"none\", \"relu\" or \"leakyRelu\"");
}

void OpReader::requireShape(const char* name, const Operand& operand, const Shape& shape) const {
  if (operand && operand.shape() != shape) {
    fail(std::string(name) + " has the shape " + formatShape(operand.shape()) + " but must have " +
         formatShape(shape));
  }
}

void OpReader::requireAxes(const char* name, const Operand& operand, size_t axes) const {
  if (operand && operand.shape().size() != axes) {
    fail(std::string(name) + " has the shape " + formatShape(operand.shape()) + " but must have " +
         std::to_string(axes) + " axes");
  }
}

void OpReader::requireImageSize(const Operand& dx) const {
  requireAxes("dx", dx, 4);
  const std::vector<double> size = numbers("imageSize", 2);
  if (size[0] != static_cast<double>(dx.shape()[0]) ||
      size[1] != static_cast<double>(dx.shape()[1])) {
    fail("the attribute imageSize differs from dx's shape, " + formatShape(dx.shape()));
  }
}

void OpReader::finish() const {
  for (const auto* operands : {&instruction_.inputs, &instruction_.outputs}) {
    for (const auto& [name, id] : *operands) {
      if (!used_.count(name)) fail("there is no operand called " + name);
    }
  }
}

}  // namespace resnet
