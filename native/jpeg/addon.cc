// addon.cc
//
// What JavaScript sees of libjpeg-turbo. An addon of its own, because it needs a library of the system, and the engine
// has to load without.
//
//   version, "2.1.5"
//   decode(bytes, channels) -> { height, width, channels, data: [height, width, channels] } or null, as decoder.h says.
//     channels is 1 where 1 is asked for and the image is grey, else 3

#include <napi.h>

#include "decoder.h"

#define RESNET_TEXT(token) #token
#define RESNET_TEXT_OF(macro) RESNET_TEXT(macro)

namespace resnet {
namespace {

Napi::Value decode(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  if (!info[0].IsTypedArray() ||
      info[0].As<Napi::TypedArray>().TypedArrayType() != napi_uint8_array || !info[1].IsNumber()) {
    throw Napi::TypeError::New(env, "decode takes a Uint8Array and a number of channels");
  }
  const auto bytes = info[0].As<Napi::Uint8Array>();
  const bool wantsGrey = info[1].As<Napi::Number>().Int32Value() == 1;
  JpegDecoder decoder;
  if (!decoder.readHeader(bytes.Data(), bytes.ByteLength())) return env.Null();
  const int channels = wantsGrey && decoder.isGrey() ? 1 : 3;
  const size_t size = static_cast<size_t>(decoder.height()) *
                      static_cast<size_t>(decoder.width()) * static_cast<size_t>(channels);
  auto data = Napi::Uint8Array::New(env, size);
  if (!decoder.readPixels(channels, data.Data())) return env.Null();
  Napi::Object image = Napi::Object::New(env);
  image["height"] = Napi::Number::New(env, static_cast<double>(decoder.height()));
  image["width"] = Napi::Number::New(env, static_cast<double>(decoder.width()));
  image["channels"] = Napi::Number::New(env, channels);
  image["data"] = data;
  return image;
}

Napi::Object initialize(Napi::Env env, Napi::Object exports) {
  exports["version"] = Napi::String::New(env, RESNET_TEXT_OF(LIBJPEG_TURBO_VERSION));
  exports["decode"] = Napi::Function::New(env, decode, "decode");
  return exports;
}

NODE_API_MODULE(jpeg, initialize)

}  // namespace
}  // namespace resnet
