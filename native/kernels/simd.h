// simd.h
//
// Vectors for the kernels that are compiled once per instruction set. GCC and Clang vector
// extensions: `vec` is the widest vector of floats of this translation unit's target, and a scalar
// beside a vector is broadcast. Included by kernels only; nothing here may end up as a weak symbol,
// because the linker would be free to take the AVX-512 copy for the portable path.

#pragma once
#include <cstddef>

#if defined(__AVX512F__)
#define RESNET_VECTOR_BYTES 64
#elif defined(__AVX2__)
#define RESNET_VECTOR_BYTES 32
#else
#define RESNET_VECTOR_BYTES 16
#endif

#if defined(__clang__)
#define RESNET_IVDEP _Pragma("clang loop vectorize(assume_safety)")
#define RESNET_UNROLL _Pragma("clang loop unroll(full)")
#else
#define RESNET_IVDEP _Pragma("GCC ivdep")
#define RESNET_UNROLL _Pragma("GCC unroll 32")
#endif

#define RESNET_INLINE static inline __attribute__((always_inline))

namespace resnet {
namespace RESNET_ISA {
namespace {

/** A vector in a register. */
typedef float vec __attribute__((vector_size(RESNET_VECTOR_BYTES)));
/** A vector in memory, at any address that is good for a float. */
typedef float vecMemory
    __attribute__((vector_size(RESNET_VECTOR_BYTES), aligned(4), may_alias));

constexpr long lanes = RESNET_VECTOR_BYTES / 4;

RESNET_INLINE vec load(const float* p) { return *reinterpret_cast<const vecMemory*>(p); }
RESNET_INLINE void store(float* p, vec v) { *reinterpret_cast<vecMemory*>(p) = v; }

}  // namespace
}  // namespace RESNET_ISA
}  // namespace resnet
