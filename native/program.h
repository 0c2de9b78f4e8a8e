// program.h: a Program as C++ data, and the check of everything that does not depend on the op.

#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <variant>
#include <vector>

namespace resnet {

enum class DType { f32, bf16, i32, u8 };

size_t bytesPerElement(DType dtype);
const char* dtypeName(DType dtype);

using Shape = std::vector<long>;

std::string formatShape(const Shape& shape);

enum class Place { arena, state, input };

struct BufferSpec {
  Shape shape;
  DType dtype = DType::f32;
  Place place = Place::arena;
  size_t offset = 0;  // of an arena buffer, in bytes
  std::string name;   // of a state or an input

  long elements = 0;  // filled in by verify
  size_t bytes() const { return static_cast<size_t>(elements) * bytesPerElement(dtype); }
};

using AttrValue = std::variant<double, bool, std::string, std::vector<double>>;

struct Instruction {
  std::string op;
  std::map<std::string, long> inputs, outputs;
  std::map<std::string, AttrValue> attrs;
  std::string module;
};

struct Program {
  std::string name;
  size_t arenaBytes = 0;
  std::vector<BufferSpec> buffers;
  std::vector<Instruction> instructions;
  std::vector<std::pair<std::string, long>> outputs;
};

/**
 * Checks buffers, ids and overlaps, and fills in `elements`.
 *
 * @throws EngineError ERR_PROGRAM naming the instruction or the buffer
 */
void verify(Program& program);

}  // namespace resnet
