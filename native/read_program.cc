#include "read_program.h"

#include <cmath>
#include <cstring>

#include "error.h"

namespace resnet {
namespace {

/** A value and the path by which it was reached, for errors: `instructions[3].attrs.stride`. */
class Reader {
 public:
  Reader(Napi::Value value, std::string path, const char* code)
      : value_(value), path_(std::move(path)), code_(code) {}

  [[noreturn]] void fail(const std::string& expected) const {
    throw EngineError(code_, path_ + " must be " + expected);
  }

  Reader get(const char* key) const {
    return {object().Get(key), path_ + "." + key, code_};
  }
  Reader at(uint32_t index) const {
    return {array().Get(index), path_ + "[" + std::to_string(index) + "]", code_};
  }
  Reader at(const std::string& key) const {
    return {object().Get(key), path_ + "." + key, code_};
  }

  Napi::Object object() const {
    if (!value_.IsObject() || value_.IsFunction()) fail("an object");
    return value_.As<Napi::Object>();
  }
  Napi::Array array() const {
    if (!value_.IsArray()) fail("an array");
    return value_.As<Napi::Array>();
  }
  uint32_t length() const { return array().Length(); }
  std::string string() const {
    if (!value_.IsString()) fail("a string");
    return value_.As<Napi::String>().Utf8Value();
  }
  double number() const {
    if (!value_.IsNumber()) fail("a number");
    return value_.As<Napi::Number>().DoubleValue();
  }
  long integer(double most) const {
    const double value = number();
    if (!(value >= 0 && value <= most) || value != std::floor(value)) {
      fail("an integer of at least 0");
    }
    return static_cast<long>(value);
  }
  std::vector<std::string> keys() const {
    const Napi::Array names = object().GetPropertyNames();
    std::vector<std::string> result;
    for (uint32_t i = 0; i < names.Length(); i++) {
      result.push_back(Napi::Value(names[i]).ToString().Utf8Value());
    }
    return result;
  }
  const Napi::Value& value() const { return value_; }

 private:
  Napi::Value value_;
  std::string path_;
  const char* code_;
};

constexpr double maxInteger = 9007199254740991.0;  // Number.MAX_SAFE_INTEGER

Shape readShape(const Reader& reader) {
  Shape shape;
  for (uint32_t i = 0; i < reader.length(); i++) {
    shape.push_back(reader.at(i).integer(maxInteger));
  }
  return shape;
}

DType readDType(const Reader& reader) {
  const std::string name = reader.string();
  for (DType dtype : {DType::f32, DType::bf16, DType::i32, DType::u8}) {
    if (name == dtypeName(dtype)) return dtype;
  }
  reader.fail("\"f32\", \"bf16\", \"i32\" or \"u8\"");
}

BufferSpec readBuffer(const Reader& reader) {
  BufferSpec buffer;
  buffer.shape = readShape(reader.get("shape"));
  buffer.dtype = readDType(reader.get("dtype"));
  const std::string place = reader.get("place").string();
  if (place == "arena") {
    buffer.place = Place::arena;
    buffer.offset = static_cast<size_t>(reader.get("offset").integer(maxInteger));
  } else if (place == "state" || place == "input") {
    buffer.place = place == "state" ? Place::state : Place::input;
    buffer.name = reader.get("name").string();
  } else {
    reader.get("place").fail("\"arena\", \"state\" or \"input\"");
  }
  return buffer;
}

AttrValue readAttr(const Reader& reader) {
  const Napi::Value& value = reader.value();
  if (value.IsNumber()) return reader.number();
  if (value.IsBoolean()) return value.As<Napi::Boolean>().Value();
  if (value.IsString()) return reader.string();
  if (!value.IsArray()) reader.fail("a number, a string, true or false, or an array of numbers");
  std::vector<double> numbers;
  for (uint32_t i = 0; i < reader.length(); i++) numbers.push_back(reader.at(i).number());
  return numbers;
}

std::map<std::string, long> readOperands(const Reader& reader) {
  std::map<std::string, long> operands;
  for (const std::string& key : reader.keys()) operands[key] = reader.at(key).integer(maxInteger);
  return operands;
}

Instruction readInstruction(const Reader& reader) {
  Instruction instruction;
  instruction.op = reader.get("op").string();
  instruction.module = reader.get("module").string();
  instruction.inputs = readOperands(reader.get("inputs"));
  instruction.outputs = readOperands(reader.get("outputs"));
  const Reader attrs = reader.get("attrs");
  for (const std::string& key : attrs.keys()) instruction.attrs[key] = readAttr(attrs.at(key));
  return instruction;
}

napi_typedarray_type arrayType(DType dtype) {
  switch (dtype) {
    case DType::f32: return napi_float32_array;
    case DType::bf16: return napi_uint16_array;  // the bits
    case DType::i32: return napi_int32_array;
    default: return napi_uint8_array;
  }
}

}  // namespace

std::unique_ptr<Program> readProgram(const Napi::Value& value) {
  const Reader reader(value, "program", "ERR_PROGRAM");
  auto program = std::make_unique<Program>();
  program->name = reader.get("name").string();
  program->arenaBytes = static_cast<size_t>(reader.get("arenaBytes").integer(maxInteger));
  const Reader buffers = reader.get("buffers");
  for (uint32_t i = 0; i < buffers.length(); i++) {
    program->buffers.push_back(readBuffer(buffers.at(i)));
  }
  const Reader instructions = reader.get("instructions");
  for (uint32_t i = 0; i < instructions.length(); i++) {
    program->instructions.push_back(readInstruction(instructions.at(i)));
  }
  const Reader outputs = reader.get("outputs");
  for (const std::string& key : outputs.keys()) {
    program->outputs.emplace_back(key, outputs.at(key).integer(maxInteger));
  }
  return program;
}

HostArrayView readHostArray(const Napi::Value& value, const std::string& what, const char* code) {
  const Reader reader(value, what, code);
  HostArrayView view;
  view.shape = readShape(reader.get("shape"));
  view.dtype = readDType(reader.get("dtype"));
  double elements = 1;
  for (long size : view.shape) elements *= static_cast<double>(size);
  const Reader data = reader.get("data");
  if (!data.value().IsTypedArray()) data.fail("a typed array");
  const auto array = data.value().As<Napi::TypedArray>();
  if (array.TypedArrayType() != arrayType(view.dtype)) {
    data.fail(std::string("the typed array of ") + dtypeName(view.dtype));
  }
  if (static_cast<double>(array.ElementLength()) != elements) {
    data.fail("as long as its shape " + formatShape(view.shape) + " says but has " +
              std::to_string(array.ElementLength()) + " elements");
  }
  // Not ArrayBuffer().Data(), which fails for an array on shared memory.
  void* memory = nullptr;
  const napi_status status =
      napi_get_typedarray_info(array.Env(), array, nullptr, nullptr, &memory, nullptr, nullptr);
  if (status != napi_ok) data.fail("a typed array that can be read");
  view.data = static_cast<const char*>(memory);
  return view;
}

Napi::Array makeShape(Napi::Env env, const Shape& shape) {
  Napi::Array array = Napi::Array::New(env, shape.size());
  for (uint32_t i = 0; i < shape.size(); i++) array[i] = static_cast<double>(shape[i]);
  return array;
}

Napi::Object makeHostArray(Napi::Env env, const Shape& shape, DType dtype, const void* data) {
  size_t elements = 1;
  for (long size : shape) elements *= static_cast<size_t>(size);
  const size_t bytes = elements * bytesPerElement(dtype);
  Napi::ArrayBuffer memory = Napi::ArrayBuffer::New(env, bytes);
  if (bytes) std::memcpy(memory.Data(), data, bytes);
  napi_value array;
  const napi_status status =
      napi_create_typedarray(env, arrayType(dtype), elements, memory, 0, &array);
  if (status != napi_ok) throw Napi::Error::New(env);
  Napi::Object result = Napi::Object::New(env);
  result["shape"] = makeShape(env, shape);
  result["dtype"] = Napi::String::New(env, dtypeName(dtype));
  result["data"] = Napi::Value(env, array);
  return result;
}

}  // namespace resnet
