// signature.h
//
// The declarations of all ops, and the check of an instruction against the declaration of its op: its operands and attributes,
// their types and ranges, and the sizes that axes of the same name share. `npm run generate` writes the table
// (generated/ops.cc) from the declarations in src/ops, and src/graph/signature.ts makes the same check for the reference executor.
// The makers of kernel calls rely on it. They check only what a signature cannot say, such as the output size of a window.

#pragma once
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "../program.h"

namespace resnet {

struct RunContext;
class OpReader;

/** Carries out one instruction. */
using KernelCall = std::function<void(const RunContext&)>;

/** The type of an operand's elements; `floating` is f32 or bf16, one of the two in a whole instruction; `any` is every type. */
enum class Element { f32, bf16, i32, u8, floating, any };

struct OperandDeclaration {
  const char* name;
  bool isOptional;
  Element element;
  // Each is a name, which has one size in the whole instruction, or a number. `...` as the first stands for
  // any number of axes, the same ones for all operands that have it; `*` alone for any shape of the operand's own.
  std::vector<const char*> axes;
};

/** Numbers that an attribute may take: from `least` to `most`, with `most` itself left out if `isOpen`. */
struct NumberRange {
  double least, most;
  bool isOpen, isInteger;
};

enum class AttrKind {
  number,
  flag,
  text,        // whose form the maker checks
  choice,      // one of `words`
  floatDType,  // the dtype of the operands declared as floating
  list,        // as many numbers as the axis words[0] has elements, or as the number there says, or any count (`*`)
  sizes,       // the sizes of the axes in `words`
};

struct AttrDeclaration {
  const char* name;
  bool isOptional;
  AttrKind kind;
  NumberRange range;
  std::vector<const char*> words;
};

struct OpDeclaration {
  const char* name;
  KernelCall (*make)(OpReader& op);
  std::vector<OperandDeclaration> inputs, outputs;
  std::vector<AttrDeclaration> attrs;
  std::vector<std::pair<const char*, const char*>> inPlace;  // output and input that may share memory
};

/** Every op; generated/ops.cc. */
const std::vector<OpDeclaration>& declaredOps();

/** The op of that name, or null. */
const OpDeclaration* findOp(const std::string& name);

/** Whether the op's output may be the very memory of that input. */
bool allowsInPlace(const std::string& op, const std::string& output, const std::string& input);

/**
 * Checks an instruction whose buffers exist against the signature of its op.
 *
 * @returns the dtype of its floating operands; f32 if it has none
 * @throws EngineError ERR_PROGRAM, beginning with `label`
 */
DType checkSignature(const OpDeclaration& op, const Program& program,
                     const Instruction& instruction, const std::string& label);

}  // namespace resnet
