#include "patches.h"

#include <algorithm>
#include <cstring>

namespace resnet {
namespace {

/** Where an output pixel's window begins on the image, maybe off it. */
struct Corner {
  long top, left;

  Corner(const ConvShape& shape, long pixel)
      : top(pixel / shape.ow * shape.stride - shape.padding),
        left(pixel % shape.ow * shape.stride - shape.padding) {}
};

/** The only sample's patch: neighbouring taps read neighbouring values. */
template <class T>
void gatherOne(const ConvShape& shape, const T* x, Corner corner, T* patch) {
  const long kw = shape.kw, cin = shape.cin;
  const long first = std::min(kw, std::max(0L, -corner.left));  // of the taps on the image,
  const long end = std::max(first, std::min(kw, shape.w - corner.left));  // and one past the last
  for (long r = 0; r < shape.kh; r++, patch += kw * cin) {
    const long row = corner.top + r;
    const bool off = row < 0 || row >= shape.h || first == end;
    std::fill(patch, patch + (off ? kw : first) * cin, T{});
    if (off) continue;
    std::memcpy(patch + first * cin, x + (row * shape.w + corner.left + first) * cin,
                sizeof(T) * static_cast<size_t>((end - first) * cin));
    std::fill(patch + end * cin, patch + kw * cin, T{});
  }
}

/**
 * One tap of the patches of some samples, which are `stride` elements apart. Few channels are copied by moves of a size that
 * the compiler knows: `Channels`, or any number if that is 0.
 */
template <long Channels, class T>
void gatherSamples(const T* source, long channels, long samples, T* target, long stride) {
  const long cin = Channels ? Channels : channels;
  const size_t bytes = sizeof(T) * static_cast<size_t>(cin);
  for (long i = 0; i < samples; i++, target += stride) {
    if (source) std::memcpy(target, source + i * cin, bytes);
    else std::memset(target, 0, bytes);
  }
}

}  // namespace

ConvShape patchProduct(const ConvShape& shape) {
  const long rows = shape.oh * shape.ow * shape.n;
  return {1, 1, rows, shape.kh * shape.kw * shape.cin, 1, 1, shape.cout, 1, 1, 1, 0, 1};
}

template <class T>
void gatherPatches(const ConvShape& shape, const T* x, long begin, long rows, T* patches) {
  const long n = shape.n, cin = shape.cin, patch = shape.kh * shape.kw * cin;
  const auto gather = cin == 1   ? gatherSamples<1, T>
                      : cin == 3 ? gatherSamples<3, T>
                                 : gatherSamples<0, T>;
  for (long row = begin, samples; row < begin + rows; row += samples, patches += samples * patch) {
    const long sample = row % n;
    samples = std::min(n - sample, begin + rows - row);
    const Corner corner(shape, row / n);
    if (n == 1) {
      gatherOne(shape, x, corner, patches);
      continue;
    }
    for (long tap = 0; tap < shape.kh * shape.kw; tap++) {
      const long i = corner.top + tap / shape.kw, j = corner.left + tap % shape.kw;
      const bool off = i < 0 || i >= shape.h || j < 0 || j >= shape.w;
      const T* source = off ? nullptr : x + ((i * shape.w + j) * n + sample) * cin;
      gather(source, cin, samples, patches + tap * cin, patch);
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
