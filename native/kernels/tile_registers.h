// tile_registers.h
//
// The eight tile registers of AMX, each of 16 rows of 64 bytes, and the product of bf16 tiles
// (Intel's manual, volume 2: LDTILECFG, TILELOADD, TILESTORED, TILEZERO, TDPBF16PS, TILERELEASE).
// With RESNET_EMULATE_AMX they are memory, and every rule that the processor would enforce by a
// fault stops the process: so that what is built on them can be tested on any processor.
//
// Rounding   TDPBF16PS sums the products of even k and of odd k apart, then both, then adds C;
//            subnormals are zeros, before and after.

#pragma once
#include <cstdint>

#include "simd.h"

namespace resnet {
namespace RESNET_ISA {
namespace {

constexpr int tileRegisters = 8, rowsOfRegister = 16, bytesOfRow = 64;

/** What LDTILECFG reads: the shape of each register; all zero where it is not used. */
struct alignas(64) TileShapes {
  uint8_t palette, startRow, reserved[14];
  uint16_t rowBytes[16];
  uint8_t rows[16];
};
static_assert(sizeof(TileShapes) == 64, "as the processor reads it");

#if defined(RESNET_EMULATE_AMX)

struct EmulatedTiles {
  TileShapes shapes;
  uint32_t words[tileRegisters][rowsOfRegister][bytesOfRow / 4];
};
thread_local EmulatedTiles emulated;

RESNET_INLINE void require(bool holds) {
  if (!holds) __builtin_trap();
}

RESNET_INLINE void setTileShapes(const TileShapes& shapes) {
  require(shapes.palette == 1 && shapes.startRow == 0);
  for (uint8_t byte : shapes.reserved) require(byte == 0);
  for (int t = 0; t < 16; t++) {
    require((shapes.rows[t] == 0) == (shapes.rowBytes[t] == 0));
    require(shapes.rows[t] <= rowsOfRegister && shapes.rowBytes[t] <= bytesOfRow);
    require(t < tileRegisters || shapes.rows[t] == 0);
  }
  emulated = {};
  emulated.shapes = shapes;
}

RESNET_INLINE void releaseTiles() { emulated = {}; }

template <int T>
RESNET_INLINE void requireUsed() {
  static_assert(T >= 0 && T < tileRegisters, "a tile register");
  require(emulated.shapes.palette == 1 && emulated.shapes.rows[T] > 0);
}

template <int T>
RESNET_INLINE void zeroTile() {
  requireUsed<T>();
  __builtin_memset(emulated.words[T], 0, sizeof emulated.words[T]);
}

template <int T>
RESNET_INLINE void loadTile(const void* p, long byteStride) {
  zeroTile<T>();
  for (int row = 0; row < emulated.shapes.rows[T]; row++) {
    __builtin_memcpy(emulated.words[T][row], static_cast<const char*>(p) + row * byteStride,
                     emulated.shapes.rowBytes[T]);
  }
}

template <int T>
RESNET_INLINE void storeTile(void* p, long byteStride) {
  requireUsed<T>();
  for (int row = 0; row < emulated.shapes.rows[T]; row++) {
    __builtin_memcpy(static_cast<char*>(p) + row * byteStride, emulated.words[T][row],
                     emulated.shapes.rowBytes[T]);
  }
}

/** The value of float32 bits, zero where they are subnormal. */
RESNET_INLINE float flushed(uint32_t bits) {
  if ((bits & 0x7f800000) == 0) bits &= 0x80000000;
  float value;
  __builtin_memcpy(&value, &bits, sizeof value);
  return value;
}
RESNET_INLINE float flushed(float value) {
  uint32_t bits;
  __builtin_memcpy(&bits, &value, sizeof bits);
  return flushed(bits);
}

template <int C, int A, int B>
RESNET_INLINE void multiplyTiles() {
  static_assert(C != A && C != B && A != B, "three registers");
  requireUsed<C>(), requireUsed<A>(), requireUsed<B>();
  const TileShapes& shapes = emulated.shapes;
  require(shapes.rows[C] == shapes.rows[A] && shapes.rowBytes[C] == shapes.rowBytes[B]);
  require(shapes.rowBytes[A] / 4 == shapes.rows[B]);
  const int columns = shapes.rowBytes[C] / 4;
  for (int m = 0; m < shapes.rows[C]; m++) {
    float even[bytesOfRow / 4] = {}, odd[bytesOfRow / 4] = {};
    for (int k = 0; k < shapes.rows[B]; k++) {
      const uint32_t pair = emulated.words[A][m][k];
      for (int n = 0; n < columns; n++) {
        const uint32_t other = emulated.words[B][k][n];
        even[n] = flushed(__builtin_fmaf(flushed(pair << 16), flushed(other << 16), even[n]));
        odd[n] = flushed(
            __builtin_fmaf(flushed(pair & 0xffff0000), flushed(other & 0xffff0000), odd[n]));
      }
    }
    for (int n = 0; n < columns; n++) {
      const float sum = flushed(flushed(emulated.words[C][m][n]) + flushed(even[n] + odd[n]));
      __builtin_memcpy(&emulated.words[C][m][n], &sum, sizeof sum);
    }
  }
}

#else

RESNET_INLINE void setTileShapes(const TileShapes& shapes) {
  __asm__ volatile("ldtilecfg %0" ::"m"(shapes));
}

RESNET_INLINE void releaseTiles() { __asm__ volatile("tilerelease"); }

template <int T>
RESNET_INLINE void zeroTile() {
  __asm__ volatile("tilezero %%tmm%c0" ::"i"(T));
}

template <int T>
RESNET_INLINE void loadTile(const void* p, long byteStride) {
  __asm__ volatile("tileloadd (%0,%1,1), %%tmm%c2" ::"r"(p), "r"(byteStride), "i"(T) : "memory");
}

template <int T>
RESNET_INLINE void storeTile(void* p, long byteStride) {
  __asm__ volatile("tilestored %%tmm%c2, (%0,%1,1)" ::"r"(p), "r"(byteStride), "i"(T) : "memory");
}

/** C += A · B: A in rows, B in rows of pairs. */
template <int C, int A, int B>
RESNET_INLINE void multiplyTiles() {
  __asm__ volatile("tdpbf16ps %%tmm%c2, %%tmm%c1, %%tmm%c0" ::"i"(C), "i"(A), "i"(B));
}

#endif

/**
 * The shapes of a block of `rows` ≤ 32 rows and 32 columns of C in tiles 0 to 3, A in 4 and 5, B in 6
 * and 7; 1 and 3, 5 and 7 are the second halves. Up to 16 rows have no second half of C and A.
 */
RESNET_INLINE void setBlockShapes(int rows) {
  TileShapes shapes = {};
  shapes.palette = 1;
  const auto set = [&](int t, int count) {
    shapes.rows[t] = static_cast<uint8_t>(count);
    shapes.rowBytes[t] = count > 0 ? bytesOfRow : 0;
  };
  const int upper = rows < rowsOfRegister ? rows : rowsOfRegister, lower = rows - upper;
  set(0, upper), set(1, upper), set(4, upper);
  set(2, lower), set(3, lower), set(5, lower);
  set(6, rowsOfRegister), set(7, rowsOfRegister);
  setTileShapes(shapes);
}

}  // namespace
}  // namespace RESNET_ISA
}  // namespace resnet
