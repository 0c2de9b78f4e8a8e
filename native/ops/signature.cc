#include "signature.h"

#include <cmath>
#include <cstdlib>
#include <map>
#include <optional>

#include "../error.h"

namespace resnet {
namespace {

/** The number that an axis is, if it is one. */
std::optional<long> literal(const std::string& axis) {
  char* end;
  const long size = std::strtol(axis.c_str(), &end, 10);
  return *end == '\0' && !axis.empty() ? std::optional<long>(size) : std::nullopt;
}

bool isRest(const std::vector<const char*>& axes) {
  return !axes.empty() && std::string(axes[0]) == "...";
}

std::string formatNumber(double value) {
  std::string text = std::to_string(value);
  text.erase(text.find_last_not_of('0') + 1);
  if (text.back() == '.') text.pop_back();
  return text;
}

/** `an integer from 1 to 16`; without the article for many. */
std::string formatRange(const NumberRange& range, bool many) {
  std::string text = range.isInteger ? (many ? "integers" : "an integer") : (many ? "numbers" : "a number");
  if (std::isfinite(range.least)) text += " from " + formatNumber(range.least);
  if (std::isfinite(range.most)) {
    text += (range.isOpen ? " to less than " : " to ") + formatNumber(range.most);
  }
  return text;
}

bool inRange(double value, const NumberRange& range) {
  return std::isfinite(value) && value >= range.least &&
         (range.isOpen ? value < range.most : value <= range.most) &&
         (!range.isInteger || value == std::floor(value));
}

class Checker {
 public:
  Checker(const Program& program, const Instruction& instruction, const std::string& label)
      : program_(program), instruction_(instruction), label_(label) {}

  DType check(const OpDeclaration& op) {
    checkNames(op.inputs, instruction_.inputs);
    checkNames(op.outputs, instruction_.outputs);
    for (const auto& operand : op.inputs) checkOperand(operand, "input", instruction_.inputs);
    for (const auto& operand : op.outputs) checkOperand(operand, "output", instruction_.outputs);
    for (const auto& [name, value] : instruction_.attrs) {
      bool known = false;
      for (const AttrDeclaration& attr : op.attrs) known = known || name == attr.name;
      if (!known) fail("there is no attribute called " + name);
    }
    for (const AttrDeclaration& attr : op.attrs) checkAttr(attr);
    return float_.value_or(DType::f32);
  }

 private:
  [[noreturn]] void fail(const std::string& message) const {
    throw EngineError("ERR_PROGRAM", label_ + ": " + message);
  }

  void checkNames(const std::vector<OperandDeclaration>& declared,
                  const std::map<std::string, long>& given) const {
    for (const auto& [name, id] : given) {
      bool known = false;
      for (const OperandDeclaration& operand : declared) known = known || name == operand.name;
      if (!known) fail("there is no operand called " + name);
    }
  }

  void checkOperand(const OperandDeclaration& operand, const char* kind,
                    const std::map<std::string, long>& given) {
    const auto entry = given.find(operand.name);
    if (entry == given.end()) {
      if (operand.isOptional) return;
      fail(std::string("the ") + kind + " " + operand.name + " is missing");
    }
    const BufferSpec& spec = program_.buffers[static_cast<size_t>(entry->second)];
    checkElement(operand, spec.dtype);
    if (!operand.axes.empty() && std::string(operand.axes[0]) == "*") return;
    const Shape& shape = spec.shape;
    const bool any = isRest(operand.axes);
    const size_t named = operand.axes.size() - (any ? 1 : 0);
    bool fits = any ? shape.size() >= named : shape.size() == named;
    if (fits && any) {
      const Shape rest(shape.begin(), shape.end() - static_cast<long>(named));
      if (!rest_) rest_ = rest;
      fits = *rest_ == rest;
    }
    for (size_t i = 0; fits && i < named; i++) {
      fits = fitsAxis(operand.axes[i + (any ? 1 : 0)], shape[shape.size() - named + i]);
    }
    if (fits) return;
    fail(std::string(operand.name) + " has the shape " + formatShape(shape) + " but must have " +
         due(operand.axes));
  }

  void checkElement(const OperandDeclaration& operand, DType dtype) {
    const auto mustBe = [&](const std::string& expected) {
      fail(std::string(operand.name) + " is " + dtypeName(dtype) + " but must be " + expected);
    };
    const auto require = [&](DType expected) {
      if (dtype != expected) mustBe(dtypeName(expected));
    };
    switch (operand.element) {
      case Element::f32: return require(DType::f32);
      case Element::bf16: return require(DType::bf16);
      case Element::i32: return require(DType::i32);
      case Element::u8: return require(DType::u8);
      case Element::any: return;
      case Element::floating: break;
    }
    if (dtype != DType::f32 && dtype != DType::bf16) mustBe("f32 or bf16");
    if (!float_) float_ = dtype;
    if (*float_ != dtype) mustBe(std::string(dtypeName(*float_)) + ", as the other operands");
  }

  bool fitsAxis(const std::string& axis, long size) {
    if (const auto number = literal(axis)) return *number == size;
    return sizes_.emplace(axis, size).first->second == size;
  }

  /** The axes with the sizes that are known: `[N, C = 10]`. */
  std::string due(const std::vector<const char*>& axes) const {
    std::string text;
    const auto append = [&](const std::string& part) { text += (text.empty() ? "" : ", ") + part; };
    for (const char* axis : axes) {
      if (rest_ && axis == std::string("...")) {
        for (long size : *rest_) append(std::to_string(size));
        continue;
      }
      const auto known = sizes_.find(axis);
      append(known == sizes_.end() ? axis : axis + (" = " + std::to_string(known->second)));
    }
    return "[" + text + "]";
  }

  void checkAttr(const AttrDeclaration& attr) const {
    const auto entry = instruction_.attrs.find(attr.name);
    if (entry == instruction_.attrs.end()) {
      if (attr.isOptional) return;
      fail(std::string("the attribute ") + attr.name + " is missing");
    }
    const std::string expected = mismatch(attr, entry->second);
    if (!expected.empty()) fail(std::string("the attribute ") + attr.name + " must be " + expected);
  }

  /** What the value should be, or nothing if it is that. */
  std::string mismatch(const AttrDeclaration& attr, const AttrValue& value) const {
    const auto* text = std::get_if<std::string>(&value);
    const auto* list = std::get_if<std::vector<double>>(&value);
    switch (attr.kind) {
      case AttrKind::number: {
        const double* number = std::get_if<double>(&value);
        return number && inRange(*number, attr.range) ? "" : formatRange(attr.range, false);
      }
      case AttrKind::flag:
        return std::holds_alternative<bool>(value) ? "" : "true or false";
      case AttrKind::text:
        return text ? "" : "a text";
      case AttrKind::choice: {
        std::string words;
        for (size_t i = 0; i < attr.words.size(); i++) {
          if (text && *text == attr.words[i]) return "";
          if (i > 0) words += i + 1 < attr.words.size() ? ", " : " or ";
          words += std::string("\"") + attr.words[i] + "\"";
        }
        return words;
      }
      case AttrKind::floatDType: {
        const std::string name = dtypeName(float_.value_or(DType::f32));
        return text && *text == name ? "" : "\"" + name + "\", as its operands";
      }
      case AttrKind::list: {
        const bool anyLength = std::string(attr.words[0]) == "*";
        const long length = sizeOf(attr.words[0]);
        bool fits = list && (anyLength || static_cast<long>(list->size()) == length);
        for (size_t i = 0; fits && i < list->size(); i++) fits = inRange((*list)[i], attr.range);
        if (fits) return "";
        return (anyLength ? "" : std::to_string(length) + " ") + formatRange(attr.range, true);
      }
      case AttrKind::sizes: {
        Shape expected;
        if (isRest(attr.words)) expected = rest_.value_or(Shape());
        else for (const char* axis : attr.words) expected.push_back(sizeOf(axis));
        bool fits = list && list->size() == expected.size();
        for (size_t i = 0; fits && i < expected.size(); i++) {
          fits = (*list)[i] == static_cast<double>(expected[i]);
        }
        return fits ? "" : formatShape(expected);
      }
    }
    return "";
  }

  /** The size of an axis of the operands, or the number that it is. */
  long sizeOf(const std::string& axis) const {
    const auto known = sizes_.find(axis);
    return known != sizes_.end() ? known->second : literal(axis).value_or(0);
  }

  const Program& program_;
  const Instruction& instruction_;
  const std::string& label_;
  std::map<std::string, long> sizes_;
  std::optional<Shape> rest_;
  std::optional<DType> float_;
};

}  // namespace

const OpDeclaration* findOp(const std::string& name) {
  static const auto byName = [] {
    std::map<std::string, const OpDeclaration*> ops;
    for (const OpDeclaration& op : declaredOps()) ops[op.name] = &op;
    return ops;
  }();
  const auto entry = byName.find(name);
  return entry == byName.end() ? nullptr : entry->second;
}

bool allowsInPlace(const std::string& op, const std::string& output, const std::string& input) {
  const OpDeclaration* declared = findOp(op);
  if (!declared) return false;
  for (const auto& [out, in] : declared->inPlace) {
    if (output == out && input == in) return true;
  }
  return false;
}

DType checkSignature(const OpDeclaration& op, const Program& program,
                     const Instruction& instruction, const std::string& label) {
  return Checker(program, instruction, label).check(op);
}

}  // namespace resnet
