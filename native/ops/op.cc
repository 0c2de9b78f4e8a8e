#include "op.h"

#include "../error.h"

namespace resnet {
namespace {

const OpDeclaration& requireOp(const Instruction& instruction, const std::string& label) {
  if (const OpDeclaration* op = findOp(instruction.op)) return *op;
  throw EngineError("ERR_PROGRAM", label + ": the native executor does not know this op");
}

}  // namespace

std::string instructionLabel(const Instruction& instruction, size_t number) {
  std::string label = "instruction " + std::to_string(number) + ", " + instruction.op;
  if (!instruction.module.empty()) label += " in " + instruction.module;
  return label;
}

OpReader::OpReader(const Program& program, const Instruction& instruction, size_t number,
                   const Kernels& kernels, int threads, Scratch& persistent)
    : op(requireOp(instruction, instructionLabel(instruction, number))),
      element(checkSignature(op, program, instruction, instructionLabel(instruction, number))),
      kernels(kernels), threads(threads), persistent(persistent), program_(program),
      instruction_(instruction), number_(number) {}

void OpReader::fail(const std::string& message) const {
  throw EngineError("ERR_PROGRAM", label() + ": " + message);
}

Operand OpReader::find(const std::map<std::string, long>& operands, const char* name) const {
  const auto entry = operands.find(name);
  if (entry == operands.end()) return {};
  return {entry->second, &program_.buffers[static_cast<size_t>(entry->second)]};
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

Activation OpReader::activation(float& slope) const {
  slope = static_cast<float>(number("slope"));
  const std::string& name = get<std::string>("activation");
  if (name == "relu") return Activation::relu;
  return name == "leakyRelu" ? Activation::leakyRelu : Activation::none;
}

void OpReader::requireShape(const char* name, const Operand& operand, const Shape& shape) const {
  if (operand.shape() == shape) return;
  fail(std::string(name) + " has the shape " + formatShape(operand.shape()) + " but must have " +
       formatShape(shape));
}

}  // namespace resnet
