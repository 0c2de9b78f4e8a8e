// orientation.h: how a camera was held, as its photograph's EXIF says.

#pragma once
#include <cstddef>
#include <cstdint>

namespace resnet {

/**
 * EXIF's orientation, 1 to 8: 1 is upright, and what is not said is 1. 0 where the EXIF is not plain: whoever is more
 * patient may read it.
 *
 * @param exif an APP1 segment, from its `Exif` on
 */
int readOrientation(const uint8_t* exif, size_t bytes);

/** Where the pixels of an image lie once it is upright, in pixels: (row, column) at start + row · perRow + column · perColumn. */
struct Upright {
  long height, width;
  long start, perRow, perColumn;
};

/** @param orientation 1 to 8 */
Upright turnUpright(int orientation, long height, long width);

}  // namespace resnet
