// op.h
//
// How an instruction becomes a kernel call. When a program is loaded, each instruction is checked against the
// signature of its op (signature.h). Then the op's maker reads operands and attributes through an OpReader, checks
// what the signature cannot say, and returns a closure over plain arguments. A run checks only values: indices, labels.

#pragma once
#include <string>
#include <vector>

#include "../kernels/kernels.h"
#include "../program.h"
#include "../thread_pool.h"
#include "signature.h"

namespace resnet {

/** The arguments of kernel calls that a run decides. */
struct RunContext {
  char* const* buffers;  // by BufferId
  char* scratch;         // as many bytes as the largest call reserved, 64-byte aligned
  char* persistent;      // memory of the program that lasts from run to run
  const uint64_t* versions;  // by BufferId: another number whenever a state may have been written
  ThreadPool& pool;
  const Kernels& kernels;
};

/** A buffer of an instruction; `id` is −1 where an optional operand is absent. */
struct Operand {
  long id = -1;
  const BufferSpec* spec = nullptr;

  explicit operator bool() const { return id >= 0; }
  const Shape& shape() const { return spec->shape; }
  long elements() const { return spec->elements; }

  template <class T>
  T* in(const RunContext& context) const {
    return id < 0 ? nullptr : reinterpret_cast<T*>(context.buffers[id]);
  }
};

/** Adds up the scratch memory that one kernel call needs. All calls share the memory itself. */
class Scratch {
 public:
  /** Reserves room; returns its offset in bytes, a multiple of 64. */
  size_t reserve(size_t bytes) {
    const size_t offset = bytes_;
    bytes_ += (bytes + 63) / 64 * 64;
    return offset;
  }
  size_t bytes() const { return bytes_; }

 private:
  size_t bytes_ = 0;
};

std::string instructionLabel(const Instruction& instruction, size_t number);

/** An instruction that fits the signature of its op, as the op's maker reads it. */
class OpReader {
 public:
  /** @throws EngineError ERR_PROGRAM if the instruction does not fit the signature of its op */
  OpReader(const Program& program, const Instruction& instruction, size_t number,
           const Kernels& kernels, int threads, Scratch& persistent);

  /** An operand by its declared name; empty if it is optional and absent. */
  Operand input(const char* name) const { return find(instruction_.inputs, name); }
  Operand output(const char* name) const { return find(instruction_.outputs, name); }

  bool has(const char* attr) const { return instruction_.attrs.count(attr) > 0; }
  double number(const char* attr) const { return get<double>(attr); }
  long integer(const char* attr) const { return static_cast<long>(number(attr)); }
  const std::string& word(const char* attr) const { return get<std::string>(attr); }
  bool flag(const char* attr) const { return get<bool>(attr); }
  const std::vector<double>& numbers(const char* attr) const {
    return get<std::vector<double>>(attr);
  }
  /** The attributes `activation` and `slope`. */
  Activation activation(float& slope) const;

  /** Refuses an operand of another shape. */
  void requireShape(const char* name, const Operand& operand, const Shape& shape) const;
  [[noreturn]] void fail(const std::string& message) const;

  /** Whether the operand is state that no instruction of the program writes. */
  bool isConstant(const Operand& operand) const;

  std::string label() const { return instructionLabel(instruction_, number_); }

  const OpDeclaration& op;
  const DType element;  // of the floating operands
  const Kernels& kernels;
  const int threads;
  Scratch scratch;
  Scratch& persistent;  // of the whole program

 private:
  Operand find(const std::map<std::string, long>& operands, const char* name) const;

  template <class T>
  const T& get(const char* attr) const {
    const auto entry = instruction_.attrs.find(attr);
    if (entry == instruction_.attrs.end()) {
      fail(std::string("the attribute ") + attr + " is missing");
    }
    return std::get<T>(entry->second);
  }

  const Program& program_;
  const Instruction& instruction_;
  const size_t number_;
};

/** Calls make with a value of the type that `element` names: float or bf16. */
template <class Make>
KernelCall byElement(DType element, const Make& make) {
  return element == DType::bf16 ? make(bf16{}) : make(float{});
}

/** Calls fn(begin, end) on blocks of 0 … n−1; the blocks depend on n alone. */
template <class Fn>
void parallelBlocks(const RunContext& context, long n, long block, const Fn& fn) {
  const long blocks = (n + block - 1) / block;
  context.pool.parallelFor(blocks, [&](long i, int) {
    fn(i * block, i * block + block < n ? i * block + block : n);
  });
}

/** Elements of one block of an elementwise pass: large enough to outweigh waking a thread. */
constexpr long elementBlock = 32768;

}  // namespace resnet
