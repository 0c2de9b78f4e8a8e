// read_program.h: from JavaScript values to C++ data, refusing whatever is not as declared.

#pragma once
#include <napi.h>

#include <memory>
#include <string>

#include "program.h"

namespace resnet {

/** A HostArray: its shape, and its memory (valid until control returns to JavaScript). */
struct HostArrayView {
  Shape shape;
  DType dtype;
  const void* data;
};

/** @throws EngineError ERR_PROGRAM naming the place that is not as declared */
std::unique_ptr<Program> readProgram(const Napi::Value& value);

/** @param what names the array in errors, which carry `code` */
HostArrayView readHostArray(const Napi::Value& value, const std::string& what, const char* code);

/** A HostArray with a copy of `data`. */
Napi::Object makeHostArray(Napi::Env env, const Shape& shape, DType dtype, const void* data);

Napi::Array makeShape(Napi::Env env, const Shape& shape);

}  // namespace resnet
