// tile_size.h: the register tile of the batch-reduce GEMM on this translation unit's target.

#pragma once
#include "simd.h"

namespace resnet {
namespace RESNET_ISA {
namespace {

#if defined(__AVX512F__)
constexpr int tileRows = 12, tileVectors = 2;
#elif defined(__aarch64__)
constexpr int tileRows = 8, tileVectors = 3;
#else
constexpr int tileRows = 6, tileVectors = 2;
#endif

#if defined(__AVX512BF16__)
constexpr bool multipliesBf16 = true;
#else
constexpr bool multipliesBf16 = false;
#endif

constexpr int tileColumns = tileVectors * static_cast<int>(lanes);

}  // namespace
}  // namespace RESNET_ISA
}  // namespace resnet
