#include "resample.h"

#include "cpu.h"

namespace resnet {
namespace {

template <class Array>
Array arrayOf(const Napi::Value& value, napi_typedarray_type type) {
  if (!value.IsTypedArray() || value.As<Napi::TypedArray>().TypedArrayType() != type) {
    throw Napi::TypeError::New(value.Env(), "resampleAxis takes typed arrays");
  }
  return value.As<Array>();
}

/** Whether every tap lies in its axis, and every array is as long as the others say. */
bool fits(const ResampleCall& call, size_t source, size_t target, size_t counts, size_t weights) {
  const auto is = [](size_t length, long expected) { return static_cast<long>(length) == expected; };
  if (call.outer < 1 || call.inner < 1 || call.stride < 1) return false;
  if (!is(source, call.outer * call.from * call.inner)) return false;
  if (!is(target, call.outer * call.to * call.inner)) return false;
  if (!is(counts, call.to) || !is(weights, call.to * call.stride)) return false;
  for (long i = 0; i < call.to; i++) {
    const long start = call.start[i], count = call.count[i];
    if (start < 0 || count < 0 || count > call.stride || start + count > call.from) return false;
  }
  return true;
}

}  // namespace

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
