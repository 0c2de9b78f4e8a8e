#include "patches.h"

#include <algorithm>
#include <cstring>

#include "../kernels/kernels.h"

namespace resnet {
namespace {

constexpr long shortRun = 32;            // mean rows of a run, below which the weight's stream costs most
constexpr long fewChannels = 16;         // below, copying costs as much as the product
constexpr long mostElements = 8L << 20;  // of all patches

/** Mean rows of the runs of output pixels that read through the same taps. */
double meanRun(const ConvShape& shape) {
  const bool merge = shape.stride == 1 || shape.n == 1;
  const auto runs = outputRuns(shape.ow, shape.w, shape.kw, shape.stride, shape.padding, merge);
  return static_cast<double>(shape.ow * shape.n) / static_cast<double>(runs.size());
}

}  // namespace

bool prefersPatches(const ConvShape& shape) {
  const long patch = shape.kh * shape.kw * shape.cin;
  return shape.groups == 1 && shape.cin >= fewChannels && patch > shape.cin &&
         shape.oh * shape.ow > 1 && shape.oh * shape.ow * shape.n * patch <= mostElements &&
         meanRun(shape) < shortRun;
}

ConvShape patchProduct(const ConvShape& shape) {
  const long rows = shape.oh * shape.ow * shape.n;
  return {1, 1, rows, shape.kh * shape.kw * shape.cin, 1, 1, shape.cout, 1, 1, 1, 0, 1};
}

template <class T>
void gatherPatches(const ConvShape& shape, const T* x, long begin, long rows, T* patches) {
  const long n = shape.n, cin = shape.cin, patch = shape.kh * shape.kw * cin;
  const size_t bytes = sizeof(T) * static_cast<size_t>(cin);
  for (long row = begin; row < begin + rows; row++) {
    const long pixel = row / n, sample = row % n;
    const long top = pixel / shape.ow * shape.stride - shape.padding;
    const long left = pixel % shape.ow * shape.stride - shape.padding;
    T* target = patches + (row - begin) * patch;
    for (long r = 0; r < shape.kh; r++) {
      for (long s = 0; s < shape.kw; s++, target += cin) {
        const long i = top + r, j = left + s;
        if (i < 0 || i >= shape.h || j < 0 || j >= shape.w) {
          std::memset(target, 0, bytes);
        } else {
          std::memcpy(target, x + ((i * shape.w + j) * n + sample) * cin, bytes);
        }
      }
    }
  }
}

template <class T>
void gatherTap(const ConvShape& shape, const GradPiece& piece, long tap, const T* x, long padded,
               long ld, T* patches) {
  const long cin = shape.cin;
  T* pixel = patches + tap * cin * ld;
  for (long i = 0; i < piece.rows; i++) {
    const long row = (piece.row + i) * shape.stride + tap / shape.kw - shape.padding;
    for (long j = 0; j < piece.columns; j++, pixel += padded) {
      const long column = (piece.column + j) * shape.stride + tap % shape.kw - shape.padding;
      const bool off = row < 0 || row >= shape.h || column < 0 || column >= shape.w;
      const T* source =
          off ? nullptr : x + ((row * shape.w + column) * shape.n + piece.sample) * cin;
      for (long c = 0; c < cin; c++) {
        T* target = pixel + c * ld;
        if (off || padded > piece.samples) std::fill(target, target + padded, T{});
        if (off) continue;
        if (cin == 1) {
          std::memcpy(target, source, sizeof(T) * static_cast<size_t>(piece.samples));
        } else {
          for (long n = 0; n < piece.samples; n++) target[n] = source[n * cin + c];
        }
      }
    }
  }
}

template void gatherTap(const ConvShape&, const GradPiece&, long, const float*, long, long, float*);
template void gatherTap(const ConvShape&, const GradPiece&, long, const bf16*, long, long, bf16*);
template void gatherPatches(const ConvShape&, const float*, long, long, float*);
template void gatherPatches(const ConvShape&, const bf16*, long, long, bf16*);

}  // namespace resnet
