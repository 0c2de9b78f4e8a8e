// pack.cc
//
// Copies a matrix into panels one register tile wide, so that the microkernel streams it
// contiguously; columns beyond the matrix are zero.

#include "declare.h"
#include "simd.h"

namespace resnet {
namespace RESNET_ISA {

void packPanel(const float* src, long ld, long k, long columns, float* dst) {
  const long width = brgemmTileColumns;
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
  const long width = brgemmTileColumns;
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

}  // namespace RESNET_ISA
}  // namespace resnet
