// error.h: the one exception of the engine. `code` is stable; the message is one clear sentence.

#pragma once
#include <stdexcept>
#include <string>

namespace resnet {

struct EngineError : std::runtime_error {
  EngineError(const char* code, const std::string& message)
      : std::runtime_error(message), code(code) {}
  const char* code;
};

}  // namespace resnet
