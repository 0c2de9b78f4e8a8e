// tile_size.h: the tiles of the batch-reduce GEMM on this translation unit's target.
//
// RESNET_AMX says that products of bf16 are made by AMX, or by its emulation (tile_registers.h).

#pragma once
#include "simd.h"

#if defined(__AMX_BF16__) || defined(RESNET_EMULATE_AMX)
#define RESNET_AMX 1
#endif

namespace resnet {
namespace RESNET_ISA {
namespace {

/** Sums that fit the vector registers. */
#if defined(__AVX512F__)
constexpr int tileRows = 12, tileVectors = 2;
#elif defined(__aarch64__)
constexpr int tileRows = 8, tileVectors = 3;
#else
constexpr int tileRows = 6, tileVectors = 2;
#endif

#if defined(__AVX512BF16__) || defined(RESNET_AMX)
constexpr bool multipliesBf16 = true;
#else
constexpr bool multipliesBf16 = false;
#endif

constexpr int tileColumns = tileVectors * static_cast<int>(lanes);

template <class T>
constexpr Tile tile = {tileRows, tileColumns, vnniFactor<T>, 1, tileColumns, 0};
#if defined(__AVX2__) && !defined(__AVX512F__)
template <>
constexpr Tile tile<float> = {12, 4 * lanes, 1, 6, 2 * lanes, 128};
#endif
#if defined(RESNET_AMX)
template <>
constexpr Tile tile<bf16> = {32, 32, 32, 1, 32, 0};
#endif

}  // namespace
}  // namespace RESNET_ISA
}  // namespace resnet
