#include "program.h"

#include <set>

#include "error.h"
#include "ops/op.h"

namespace resnet {
namespace {

constexpr long maxElements = 1L << 40;
constexpr long maxAxis = 1L << 31;

[[noreturn]] void fail(const std::string& message) { throw EngineError("ERR_PROGRAM", message); }

std::string bufferLabel(size_t id) { return "buffer " + std::to_string(id); }

void verifyBuffer(const Program& program, BufferSpec& buffer, size_t id) {
  if (buffer.shape.size() > 8) fail(bufferLabel(id) + " has more than 8 axes");
  long elements = 1;
  for (long size : buffer.shape) {
    if (size < 1 || size > maxAxis) {
      fail(bufferLabel(id) + " has the shape " + formatShape(buffer.shape) +
           " but axes run from 1 to 2^31");
    }
    if (elements > maxElements / size) {
      fail(bufferLabel(id) + " of shape " + formatShape(buffer.shape) + " is too large");
    }
    elements *= size;
  }
  buffer.elements = elements;
  if (buffer.place != Place::arena) return;
  if (buffer.offset > program.arenaBytes || buffer.bytes() > program.arenaBytes - buffer.offset) {
    fail(bufferLabel(id) + " of " + std::to_string(buffer.bytes()) + " bytes at offset " +
         std::to_string(buffer.offset) + " does not fit the arena of " +
         std::to_string(program.arenaBytes) + " bytes");
  }
}

/** Buffers of one state, and of one input, agree about what it is. */
void verifyNames(const Program& program) {
  std::map<std::pair<Place, std::string>, const BufferSpec*> named;
  for (size_t id = 0; id < program.buffers.size(); id++) {
    const BufferSpec& buffer = program.buffers[id];
    if (buffer.place == Place::arena) continue;
    const auto [entry, isNew] = named.insert({{buffer.place, buffer.name}, &buffer});
    if (isNew) continue;
    if (entry->second->shape != buffer.shape || entry->second->dtype != buffer.dtype) {
      fail(bufferLabel(id) + " gives \"" + buffer.name + "\" the shape " +
           formatShape(buffer.shape) + " but another buffer gives it " +
           formatShape(entry->second->shape));
    }
  }
}

bool overlap(const BufferSpec& a, const BufferSpec& b) {
  if (a.place != b.place) return false;
  if (a.place != Place::arena) return a.name == b.name;
  return a.offset < b.offset + b.bytes() && b.offset < a.offset + a.bytes();
}

bool sameMemory(const BufferSpec& a, const BufferSpec& b) {
  return overlap(a, b) && a.offset == b.offset && a.bytes() == b.bytes() && a.dtype == b.dtype;
}

void verifyInstruction(const Program& program, const Instruction& instruction, size_t number) {
  const std::string label = instructionLabel(instruction, number);
  const auto spec = [&](const std::string& operand, long id) -> const BufferSpec& {
    if (id < 0 || id >= static_cast<long>(program.buffers.size())) {
      fail(label + ": " + operand + " is buffer " + std::to_string(id) + " but there are only " +
           std::to_string(program.buffers.size()));
    }
    return program.buffers[static_cast<size_t>(id)];
  };
  for (const auto& [operand, id] : instruction.inputs) spec(operand, id);
  for (auto out = instruction.outputs.begin(); out != instruction.outputs.end(); ++out) {
    const BufferSpec& output = spec(out->first, out->second);
    if (output.place == Place::input) {
      fail(label + ": " + out->first + " would overwrite the input \"" + output.name + "\"");
    }
    for (auto other = instruction.outputs.begin(); other != out; ++other) {
      if (overlap(output, spec(other->first, other->second))) {
        fail(label + ": the outputs " + other->first + " and " + out->first + " overlap");
      }
    }
    for (const auto& [operand, id] : instruction.inputs) {
      const BufferSpec& input = spec(operand, id);
      if (!overlap(output, input)) continue;
      if (sameMemory(output, input) &&
          allowsInPlace(instruction.op, out->first, operand)) {
        continue;
      }
      fail(label + ": the output " + out->first + " overlaps the input " + operand);
    }
  }
}

}  // namespace

size_t bytesPerElement(DType dtype) {
  switch (dtype) {
    case DType::u8: return 1;
    case DType::bf16: return 2;
    default: return 4;
  }
}

const char* dtypeName(DType dtype) {
  switch (dtype) {
    case DType::f32: return "f32";
    case DType::bf16: return "bf16";
    case DType::i32: return "i32";
    default: return "u8";
  }
}

std::string formatShape(const Shape& shape) {
  std::string text = "[";
  for (size_t i = 0; i < shape.size(); i++) text += (i ? ", " : "") + std::to_string(shape[i]);
  return text + "]";
}

void verify(Program& program) {
  for (size_t id = 0; id < program.buffers.size(); id++) {
    verifyBuffer(program, program.buffers[id], id);
  }
  verifyNames(program);
  for (size_t i = 0; i < program.instructions.size(); i++) {
    verifyInstruction(program, program.instructions[i], i);
  }
  for (const auto& [name, id] : program.outputs) {
    if (id < 0 || id >= static_cast<long>(program.buffers.size())) {
      fail("the output \"" + name + "\" is buffer " + std::to_string(id) +
           " but there are only " + std::to_string(program.buffers.size()));
    }
  }
}

}  // namespace resnet
