// pack.cc
//
// Copies a matrix into panels one register tile wide, so that the microkernel streams it
// contiguously; columns beyond the matrix are zero.

#include "declare.h"
#include "simd.h"
#include "tile_size.h"

namespace resnet {
namespace RESNET_ISA {

void packPanel(const float* src, long ld, long k, long columns, float* dst) {
  constexpr long width = tileColumns;
  for (long i = 0; i < k; i++, src += ld, dst += width) {
    if (columns == width) {
      for (long j = 0; j < width; j += lanes) store(dst + j, load(src + j));
    } else {
      for (long j = 0; j < columns; j++) dst[j] = src[j];
      for (long j = columns; j < width; j++) dst[j] = 0;
    }
  }
}

void packPanelTransposed(const float* src, long ld, long k, long columns, float* dst) {
  constexpr long width = tileColumns;
  constexpr long block = 16;  // one cache line of every column at a time
  for (long i0 = 0; i0 < k; i0 += block) {
    const long end = i0 + block < k ? i0 + block : k;
    for (long j = 0; j < columns; j++) {
      for (long i = i0; i < end; i++) dst[i * width + j] = src[j * ld + i];
    }
    for (long i = i0; i < end; i++) {
      for (long j = columns; j < width; j++) dst[i * width + j] = 0;
    }
  }
}

void packTransposedRows(const float* src, long ld, long k, long tiles, long base, long longer,
                        float* dst) {
  constexpr long width = tileRows;
  for (long i = 0; i < k; i++, src += ld) {
    const float* row = src;
    for (long tile = 0; tile < tiles; tile++) {
      float* target = dst + (tile * k + i) * width;
      const long count = base + (tile < longer ? 1 : 0);
      if ((k - 1 - i) * ld >= width) {
        // A constant size is a few vector moves; what is read past the tile is still the matrix,
        // because enough of it follows.
        __builtin_memcpy(target, row, sizeof(float) * width);
      } else {
        for (long j = 0; j < count; j++) target[j] = row[j];
      }
      row += count;
    }
  }
}

}  // namespace RESNET_ISA
}  // namespace resnet
