// element.h: the types that activations are stored in, for code outside the kernels.

#pragma once
#include <cstring>

#include "kernels/kernels.h"

namespace resnet {

inline float toFloat(float value) { return value; }

inline float toFloat(bf16 value) {
  const uint32_t bits = static_cast<uint32_t>(value.bits) << 16;
  float result;
  std::memcpy(&result, &bits, sizeof result);
  return result;
}

/** Rounds to T: for bf16 to the nearest, ties to even; NaN becomes quiet. */
template <class T>
T fromFloat(float value) {
  if constexpr (sizeof(T) == sizeof(bf16)) {
    uint32_t bits;
    std::memcpy(&bits, &value, sizeof bits);
    const bool isNaN = (bits & 0x7fffffff) > 0x7f800000;
    const uint32_t upper = isNaN ? bits >> 16 | 0x40 : (bits + 0x7fff + (bits >> 16 & 1)) >> 16;
    return bf16{static_cast<uint16_t>(upper)};
  } else {
    return value;
  }
}

}  // namespace resnet
