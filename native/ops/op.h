// op.h
//
// How an operation gets from an instruction to a step that runs. A maker reads the operands and
// attributes through OpReader, which refuses everything that does not fit, and returns a closure
// over plain arguments. After loading, nothing is checked again but values (indices, labels).

#pragma once
#include <functional>
#include <set>
#include <string>
#include <vector>

#include "../kernels/kernels.h"
#include "../program.h"
#include "../thread_pool.h"

namespace resnet {

/** What a step sees while it runs. */
struct RunContext {
  char* const* buffers;  // by BufferId
  char* scratch;         // as many bytes as the largest step reserved, 64-byte aligned
  char* kept;            // the program's own memory, which lasts from run to run
  const uint64_t* versions;  // by BufferId: another number whenever a state may have been written
  ThreadPool& pool;
  const Kernels& kernels;
};

using Step = std::function<void(const RunContext&)>;

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

/** Adds up what one step needs of the scratch memory all steps share. */
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

class OpReader {
 public:
  OpReader(const Program& program, const Instruction& instruction, size_t number,
           const Kernels& kernels, int threads, Scratch& kept)
      : kernels(kernels), threads(threads), kept(kept), program_(program),
        instruction_(instruction), number_(number) {}

  /** The type an operand's values are stored in: f32 or bf16. Absent operands count as f32. */
  DType element(const char* name) const;

  Operand input(const char* name, DType dtype = DType::f32) { return get(name, dtype, true, true); }
  Operand optionalInput(const char* name, DType dtype = DType::f32) {
    return get(name, dtype, true, false);
  }
  Operand output(const char* name, DType dtype = DType::f32) {
    return get(name, dtype, false, true);
  }
  Operand optionalOutput(const char* name, DType dtype = DType::f32) {
    return get(name, dtype, false, false);
  }

  double number(const char* attr) const;
  long integer(const char* attr, long least, long most) const;
  std::vector<double> numbers(const char* attr, size_t count) const;
  /** Empty where the attribute is absent. */
  std::vector<double> optionalNumbers(const char* attr, size_t count) const;
  bool flag(const char* attr) const;
  Activation activation(float& slope) const;

  /** Refuses the operand, if it is there, unless it has this shape. */
  void requireShape(const char* name, const Operand& operand, const Shape& shape) const;
  void requireAxes(const char* name, const Operand& operand, size_t axes) const;
  /** Refuses dx unless it is an image of the size that the attribute imageSize says. */
  void requireImageSize(const Operand& dx) const;
  /** Refuses operands that the maker did not ask for. */
  void finish() const;
  [[noreturn]] void fail(const std::string& message) const;

  std::string label() const { return instructionLabel(instruction_, number_); }

  const Kernels& kernels;
  const int threads;
  Scratch scratch;
  Scratch& kept;  // of the whole program

  /** Whether the operand is state that no instruction of the program writes. */
  bool isConstant(const Operand& operand) const;

 private:
  Operand get(const char* name, DType dtype, bool isInput, bool required);
  const AttrValue& attr(const char* name) const;

  const Program& program_;
  const Instruction& instruction_;
  size_t number_;
  std::set<std::string> used_;
};

/** Calls make with a value of the type that `element` names: float or bf16. */
template <class Make>
Step byElement(DType element, const Make& make) {
  return element == DType::bf16 ? make(bf16{}) : make(float{});
}

/** Makes the step of an instruction; throws ERR_PROGRAM where it does not verify. */
Step makeStep(OpReader& reader, const std::string& op);

/** Whether the op's output may be the very memory of that input. */
bool allowsInPlace(const std::string& op, const std::string& output, const std::string& input);

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

// Makers, one file per family.
Step makeConv2d(OpReader& op);
Step makeConv2dInputGrad(OpReader& op);
Step makeConv2dWeightGrad(OpReader& op);
Step makeBiasGrad(OpReader& op);
Step makeLinear(OpReader& op);
Step makeLinearInputGrad(OpReader& op);
Step makeLinearWeightGrad(OpReader& op);
Step makeBatchNormStatistics(OpReader& op);
Step makeBatchNorm2d(OpReader& op);
Step makeBatchNormParamGrad(OpReader& op);
Step makeBatchNormInputGrad(OpReader& op);
Step makeBatchNormFold(OpReader& op);
Step makeRunningStatistics(OpReader& op);
Step makeRelu(OpReader& op);
Step makeLeakyRelu(OpReader& op);
Step makeReluGrad(OpReader& op);
Step makeLeakyReluGrad(OpReader& op);
Step makeAdd(OpReader& op);
Step makeLerp(OpReader& op);
Step makeConstant(OpReader& op);
Step makeMaxPool2d(OpReader& op);
Step makeMaxPool2dGrad(OpReader& op);
Step makeAvgPool2d(OpReader& op);
Step makeAvgPool2dGrad(OpReader& op);
Step makeAdaptiveAvgPool2d(OpReader& op);
Step makeAdaptiveAvgPool2dGrad(OpReader& op);
Step makeAdaptiveMaxPool2d(OpReader& op);
Step makeAdaptiveMaxPool2dGrad(OpReader& op);
Step makeFlatten(OpReader& op);
Step makeFlattenGrad(OpReader& op);
Step makeSubsample(OpReader& op);
Step makeSubsampleGrad(OpReader& op);
Step makeDropout(OpReader& op);
Step makeStochasticDepth(OpReader& op);
Step makeSoftmaxCrossEntropy(OpReader& op);
Step makeSoftmaxCrossEntropyGrad(OpReader& op);
Step makeSgd(OpReader& op);
Step makeAdam(OpReader& op);
Step makeSquaredNorm(OpReader& op);
Step makeClipScale(OpReader& op);
Step makeMixSamples(OpReader& op);
Step makeIngest(OpReader& op);
Step makeGatherLabels(OpReader& op);

}  // namespace resnet
