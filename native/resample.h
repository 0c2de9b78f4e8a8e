// resample.h: one pass of an image's resizing, for the threads that decode images.

#pragma once
#include <napi.h>

namespace resnet {

/**
 * resampleAxis(source, target, outer, inner, { start, count, weights, stride }): as
 * src/data/transforms/resample.ts. Arguments that do not fit each other are a TypeError.
 */
void resampleAxis(const Napi::CallbackInfo& info);

}  // namespace resnet
