// image_loops.h: loops over the bytes of images, for the threads that decode them.

#pragma once
#include <napi.h>

namespace resnet {

/**
 * resampleAxis(source, target, outer, inner, { start, count, weights, stride }): as
 * src/data/transforms/resample.ts. Arguments that do not fit each other are a TypeError.
 */
void resampleAxis(const Napi::CallbackInfo& info);

/**
 * copyPixels(source, target, channels, { start, perRow, perColumn, height, width }): as
 * src/data/transforms/placement.ts. A walk that leaves the source or does not fill the target is a TypeError.
 */
void copyPixels(const Napi::CallbackInfo& info);

}  // namespace resnet
