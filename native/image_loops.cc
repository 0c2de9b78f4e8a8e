#include "image_loops.h"

#include <cstring>

#include "cpu.h"

namespace resnet {
namespace {

template <class Array>
Array arrayOf(const Napi::Value& value, napi_typedarray_type type) {
  if (!value.IsTypedArray() || value.As<Napi::TypedArray>().TypedArrayType() != type) {
    throw Napi::TypeError::New(value.Env(), "images and taps are typed arrays");
  }
  return value.As<Array>();
}

/** Whether so many values are outer · middle · inner, a product that may not fit a long. */
bool isProduct(size_t length, long outer, long middle, long inner) {
  const long values = static_cast<long>(length), each = outer * inner;  // of two 32-bit numbers
  return values / each == middle && values % each == 0;
}

/** Whether every tap lies in its axis, and every array is as long as the others say. */
bool fits(const ResampleCall& call, size_t source, size_t target, size_t counts, size_t weights) {
  if (call.outer < 1 || call.inner < 1 || call.stride < 1) return false;
  if (!isProduct(source, call.outer, call.from, call.inner)) return false;
  if (!isProduct(target, call.outer, call.to, call.inner)) return false;
  if (!isProduct(counts, 1, call.to, 1) || !isProduct(weights, 1, call.to, call.stride)) return false;
  for (long i = 0; i < call.to; i++) {
    const long start = call.start[i], count = call.count[i];
    if (start < 0 || count < 0 || count > call.stride || start + count > call.from) return false;
  }
  return true;
}

/** Pixel (h, w) of a part of an image is that at start + h · perRow + w · perColumn. */
struct PixelWalk {
  int64_t start, perRow, perColumn, height, width;
};

/** Whether all of a walk lies in an image of `pixels`, and makes an image of `made`. */
bool fits(const PixelWalk& walk, int64_t pixels, int64_t made) {
  const int64_t most = int64_t{1} << 31;  // so that no product below overflows
  const auto isSmall = [&](int64_t value) { return value > -most && value < most; };
  if (walk.height < 1 || walk.width < 1 || !isSmall(walk.height) || !isSmall(walk.width)) return false;
  if (!isSmall(walk.start) || !isSmall(walk.perRow)) return false;
  if (walk.perColumn != 1 && walk.perColumn != -1) return false;
  if (walk.height * walk.width != made) return false;
  const int64_t down = walk.perRow * (walk.height - 1), across = walk.perColumn * (walk.width - 1);
  for (const int64_t pixel : {walk.start, walk.start + down, walk.start + across, walk.start + down + across}) {
    if (pixel < 0 || pixel >= pixels) return false;
  }
  return true;
}

/** A pixel and those before it. */
void copyMirrored(const uint8_t* pixel, uint8_t* target, int64_t width, int64_t channels) {
  int64_t w = 0;
  const auto copy = [&](size_t bytes) {
    std::memcpy(target + w * channels, pixel - w * channels, bytes);
    w++;
  };
  if (channels == 3) {
    // Colours in one word with the byte behind them, which is another pixel's, but for the first and the last.
    copy(3);
    while (w < width - 1) copy(4);
  }
  while (w < width) copy(static_cast<size_t>(channels));
}

}  // namespace

void copyPixels(const Napi::CallbackInfo& info) {
  const auto source = arrayOf<Napi::Uint8Array>(info[0], napi_uint8_array);
  auto target = arrayOf<Napi::Uint8Array>(info[1], napi_uint8_array);
  const int64_t channels = info[2].ToNumber().Int32Value();
  const Napi::Object given = info[3].ToObject();
  const auto number = [&](const char* name) { return given.Get(name).ToNumber().Int64Value(); };
  const PixelWalk walk{number("start"), number("perRow"), number("perColumn"), number("height"),
                       number("width")};
  const auto read = static_cast<int64_t>(source.ByteLength());
  const auto written = static_cast<int64_t>(target.ByteLength());
  if (channels < 1 || read % channels != 0 || written % channels != 0 ||
      !fits(walk, read / channels, written / channels)) {
    throw Napi::TypeError::New(info.Env(), "the arguments of copyPixels do not fit each other");
  }
  const int64_t rowBytes = walk.width * channels;
  for (int64_t h = 0; h < walk.height; h++) {
    const uint8_t* pixel = source.Data() + (walk.start + h * walk.perRow) * channels;
    uint8_t* row = target.Data() + h * rowBytes;
    if (walk.perColumn == 1) {
      std::memcpy(row, pixel, static_cast<size_t>(rowBytes));
    } else {
      copyMirrored(pixel, row, walk.width, channels);
    }
  }
}

void resampleAxis(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const auto source = arrayOf<Napi::Uint8Array>(info[0], napi_uint8_array);
  auto target = arrayOf<Napi::Uint8Array>(info[1], napi_uint8_array);
  const Napi::Object taps = info[4].ToObject();
  const auto start = arrayOf<Napi::Int32Array>(taps.Get("start"), napi_int32_array);
  const auto count = arrayOf<Napi::Int32Array>(taps.Get("count"), napi_int32_array);
  const auto weights = arrayOf<Napi::Int32Array>(taps.Get("weights"), napi_int32_array);
  ResampleCall call{};
  call.source = source.Data();
  call.target = target.Data();
  call.start = start.Data();
  call.count = count.Data();
  call.weights = weights.Data();
  call.outer = info[2].ToNumber().Int32Value();
  call.inner = info[3].ToNumber().Int32Value();
  call.stride = taps.Get("stride").ToNumber().Int32Value();
  call.to = static_cast<long>(start.ElementLength());
  const long lines = call.outer * call.inner;
  call.from = lines > 0 ? static_cast<long>(source.ElementLength()) / lines : 0;
  if (!fits(call, source.ElementLength(), target.ElementLength(), count.ElementLength(),
            weights.ElementLength())) {
    throw Napi::TypeError::New(env, "the arguments of resampleAxis do not fit each other");
  }
  selectKernels().resampleAxis(&call);
}

}  // namespace resnet
