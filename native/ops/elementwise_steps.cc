// elementwise_steps.cc: several elementwise functions in one pass over memory. Their results wait in blocks that the first-level cache holds.

#include <cstdlib>
#include <sstream>

#include "../element.h"
#include "arithmetic.h"
#include "strided_loop.h"

namespace resnet {
namespace {

enum class StepKind { unary, unaryGrad, binary, where };

/** What a step reads: an operand, the result of an earlier step, or a number. */
struct Source {
  enum Kind { operand, step, number } kind;
  long index;
  float value;
};

struct Step {
  StepKind kind;
  UnaryFunction unary;
  Binary binary;
  std::vector<Source> sources;
};

/** The steps of a text such as `mul x0 x1; silu t0; add t1 0.5`; src/ops/elementwise-steps.ts has the grammar. */
class StepReader {
 public:
  StepReader(const OpReader& op, long operands) : op_(op), operands_(operands) {
    std::istringstream lines(op.word("steps"));
    for (std::string line; std::getline(lines, line, ';');) read(line);
    if (steps.empty()) op.fail("there are no steps");
  }

  std::vector<Step> steps;

 private:
  void read(const std::string& line) {
    std::istringstream stream(line);
    std::vector<std::string> words;
    for (std::string word; stream >> word;) words.push_back(word);
    if (words.empty()) fail(line);
    const std::string name = words[0];
    words.erase(words.begin());
    Step step{StepKind::binary, {Unary::neg, 0, 0}, Binary::add, {}};
    const size_t suffix = name.size() > 4 ? name.size() - 4 : 0;
    size_t sources = 2;
    if (name == "where") {
      step.kind = StepKind::where;
      sources = 3;
    } else if (findUnary(name, step.unary.name)) {
      step.kind = StepKind::unary;
      sources = 1;
    } else if (name.substr(suffix) == "Grad" && findUnary(name.substr(0, suffix), step.unary.name)) {
      step.kind = StepKind::unaryGrad;
    } else if (!findBinary(name, step.binary)) {
      fail(line);
    }
    const bool isUnary = step.kind == StepKind::unary || step.kind == StepKind::unaryGrad;
    const bool hasParameters =
        isUnary && (step.unary.name == Unary::clamp || step.unary.name == Unary::softplus);
    if (words.size() != sources + (hasParameters ? 2 : 0)) fail(line);
    for (size_t i = 0; i < sources; i++) step.sources.push_back(readSource(words[i], line));
    size_t numbers = 0;
    for (const Source& source : step.sources) numbers += source.kind == Source::number ? 1 : 0;
    if (numbers > (isUnary ? 0 : sources - 1)) fail(line);
    if (hasParameters) {
      step.unary.p = number(words[sources], line);
      step.unary.q = number(words[sources + 1], line);
    }
    steps.push_back(step);
  }

  Source readSource(const std::string& word, const std::string& line) const {
    if (word[0] != 'x' && word[0] != 't') return {Source::number, 0, number(word, line)};
    char* end;
    const long index = std::strtol(word.c_str() + 1, &end, 10);
    const long most = word[0] == 'x' ? operands_ : static_cast<long>(steps.size());
    if (word.size() < 2 || *end != '\0' || index < 0 || index >= most) fail(line);
    return {word[0] == 'x' ? Source::operand : Source::step, index, 0};
  }

  float number(const std::string& word, const std::string& line) const {
    char* end;
    const double value = std::strtod(word.c_str(), &end);
    if (word.empty() || *end != '\0') fail(line);
    return static_cast<float>(value);
  }

  [[noreturn]] void fail(const std::string& line) const {
    op_.fail("there is no step \"" + line + "\" here");
  }

  const OpReader& op_;
  const long operands_;
};

/** Elements of a block: the results of a few steps fit the first-level cache. */
constexpr long blockLength = 1024;

/** Carries out steps on `count` ≤ blockLength elements. `operands` may repeat one element. */
template <class T>
void runSteps(const ElementKernels<T>& kernels, const std::vector<Step>& steps,
              const std::vector<Run<T>>& operands, const std::vector<std::vector<T>>& numbers,
              T* results, T* y, long count) {
  for (size_t i = 0; i < steps.size(); i++) {
    const Step& step = steps[i];
    T* target = i + 1 == steps.size() ? y : results + static_cast<long>(i) * blockLength;
    const auto run = [&](size_t k) -> Run<T> {
      const Source& source = step.sources[k];
      if (source.kind == Source::operand) return operands[static_cast<size_t>(source.index)];
      if (source.kind == Source::step) return {results + source.index * blockLength, 1};
      return {&numbers[i][k], 0};
    };
    switch (step.kind) {
      case StepKind::unary: kernels.unary(step.unary, run(0).first, target, count); break;
      case StepKind::unaryGrad:
        kernels.unaryGrad(step.unary, run(0).first, run(1).first, target, count);
        break;
      case StepKind::where: kernels.where(run(0), run(1), run(2), target, count); break;
      case StepKind::binary: {
        // A number is not rounded to T.
        const bool isNumberA = step.sources[0].kind == Source::number;
        const bool isNumberB = step.sources[1].kind == Source::number;
        const Run<T> a = isNumberA ? Run<T>{nullptr, 0} : run(0);
        const Run<T> b = isNumberB ? Run<T>{nullptr, 0} : run(1);
        const float scalar = isNumberA ? step.sources[0].value : step.sources[1].value;
        const BinaryCall<T> call{step.binary, a, b, target, count, scalar};
        kernels.binary(&call);
        break;
      }
    }
  }
}

}  // namespace

KernelCall makeElementwise(OpReader& op) {
  const Operand y = op.output("y");
  std::vector<Operand> operands;
  std::vector<std::pair<const char*, Operand>> named;
  for (const char* name : {"x0", "x1", "x2", "x3", "x4", "x5", "x6", "x7"}) {
    const Operand x = op.input(name);
    if (!x) continue;
    if (named.size() != static_cast<size_t>(name[1] - '0')) op.fail("the operands have gaps");
    named.emplace_back(name, x);
    operands.push_back(x);
  }
  requireBroadcast(op, y, named);
  const std::vector<Step> steps = StepReader(op, static_cast<long>(operands.size())).steps;
  for (const Step& step : steps) {
    if (step.kind != StepKind::unary && step.kind != StepKind::unaryGrad) continue;
    for (const Source& source : step.sources) {
      if (source.kind != Source::operand) continue;
      const Operand& x = operands[static_cast<size_t>(source.index)];
      if (x.elements() != y.elements()) {
        op.fail("x" + std::to_string(source.index) + " of shape " + formatShape(x.shape()) +
                " must not be repeated in a function of one number");
      }
    }
  }
  std::vector<Strides> strides{stridesOf(y.shape())};
  for (const Operand& x : operands) strides.push_back(broadcastStrides(x.shape(), y.shape()));
  const StridedLoop loop(y.shape(), strides);
  return byElement(op.element, [&](auto zero) -> KernelCall {
    using T = decltype(zero);
    std::vector<std::vector<T>> numbers;
    for (const Step& step : steps) {
      numbers.emplace_back();
      for (const Source& source : step.sources) numbers.back().push_back(fromFloat<T>(source.value));
    }
    return [=](const RunContext& context) {
      loop.run(context, [&](const long* places, long count) {
        std::vector<T> results(steps.size() * blockLength);
        std::vector<Run<T>> runs(operands.size());
        for (long begin = 0; begin < count; begin += blockLength) {
          for (size_t k = 0; k < operands.size(); k++) {
            const long step = loop.step(k + 1);
            runs[k] = {operands[k].in<T>(context) + places[k + 1] + begin * step, step};
          }
          runSteps(context.kernels.of<T>(), steps, runs, numbers, results.data(),
                   y.in<T>(context) + places[0] + begin, std::min(blockLength, count - begin));
        }
      });
    };
  });
}

}  // namespace resnet
