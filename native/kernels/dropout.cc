// dropout.cc
//
// y = x / (1 − probability) where the element's random number is at least probability, else 0.
// The mask is a pure function of (key, stream, element): nothing is stored for the gradient.

#include "declare.h"
#include "simd.h"
#include "threefry.h"

namespace resnet {
namespace RESNET_ISA {
namespace {

template <class T>
void dropoutAll(const T* x, T* y, const uint32_t* key, uint32_t stream, uint32_t threshold,
                float keepScale, long begin, long end) {
  const RandomWords folded = threefry(key[0], key[1], stream, 2);
  while (begin < end) {
    // The counter's high word is constant within a run of 2^32 elements.
    const uint32_t high = static_cast<uint32_t>(static_cast<uint64_t>(begin) >> 32);
    const long runEnd = static_cast<long>((static_cast<uint64_t>(high) + 1) << 32);
    const long stop = end < runEnd ? end : runEnd;
    const uint32_t low = static_cast<uint32_t>(begin), k0 = folded.first, k1 = folded.second;
    const T* source = x + begin;
    T* target = y + begin;
    const long count = stop - begin;
    RESNET_IVDEP
    for (long i = 0; i < count; i++) {
      const RandomWords words = threefry(k0, k1, low + static_cast<uint32_t>(i), high);
      put(target + i, toFloat(source[i]) * ((words.first >> 8) >= threshold ? keepScale : 0.0f));
    }
    begin = stop;
  }
}

}  // namespace

#define RESNET_DROPOUT(T)                                                            \
  void dropout(const T* x, T* y, const uint32_t* key, uint32_t stream,               \
               uint32_t threshold, float keepScale, long begin, long end) {          \
    dropoutAll(x, y, key, stream, threshold, keepScale, begin, end);                 \
  }

RESNET_DROPOUT(float)
RESNET_DROPOUT(bf16)

}  // namespace RESNET_ISA
}  // namespace resnet
