// addon.cc
//
// What JavaScript sees of libjpeg-turbo. An addon of its own, because it needs a library of the system, and the engine
// has to load without.
//
//   version, "2.1.5"
//   decode(bytes, channels, blank) -> an image or null, as decoder.h says. blank({ height, width, channels }) gives the
//     image to be filled, { data: Uint8Array }; its channels are 1 where 1 is asked for and the image is grey, else 3

#include <napi.h>

#include "decoder.h"

#define RESNET_TEXT(token) #token
#define RESNET_TEXT_OF(macro) RESNET_TEXT(macro)

namespace resnet {
namespace {

Napi::Uint8Array bytesOf(const Napi::Value& value) {
  if (!value.IsTypedArray() ||
      value.As<Napi::TypedArray>().TypedArrayType() != napi_uint8_array) {
    throw Napi::TypeError::New(value.Env(), "decode takes and fills Uint8Arrays");
  }
  return value.As<Napi::Uint8Array>();
}

Napi::Value decode(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const auto bytes = bytesOf(info[0]);
  if (!info[1].IsNumber() || !info[2].IsFunction()) {
    throw Napi::TypeError::New(env, "decode takes bytes, a number of channels, and a function");
  }
  const bool wantsGrey = info[1].As<Napi::Number>().Int32Value() == 1;
  JpegDecoder decoder;
  if (!decoder.readHeader(bytes.Data(), bytes.ByteLength())) return env.Null();
  const int channels = wantsGrey && decoder.isGrey() ? 1 : 3;
  Napi::Object shape = Napi::Object::New(env);
  shape["height"] = Napi::Number::New(env, static_cast<double>(decoder.height()));
  shape["width"] = Napi::Number::New(env, static_cast<double>(decoder.width()));
  shape["channels"] = Napi::Number::New(env, channels);
  const Napi::Value image = info[2].As<Napi::Function>().Call({shape});
  auto data = bytesOf(image.ToObject().Get("data"));
  const size_t size = static_cast<size_t>(decoder.height()) *
                      static_cast<size_t>(decoder.width()) * static_cast<size_t>(channels);
  if (data.ByteLength() != size) throw Napi::TypeError::New(env, "blank gave another size");
  return decoder.readPixels(channels, data.Data()) ? image : env.Null();
}

Napi::Object initialize(Napi::Env env, Napi::Object exports) {
  exports["version"] = Napi::String::New(env, RESNET_TEXT_OF(LIBJPEG_TURBO_VERSION));
  exports["decode"] = Napi::Function::New(env, decode, "decode");
  return exports;
}

NODE_API_MODULE(jpeg, initialize)

}  // namespace
}  // namespace resnet
