#include "orientation.h"

#include <cstring>

namespace resnet {
namespace {

constexpr size_t tiffStart = 6;  // behind "Exif\0\0"
constexpr size_t entryBytes = 12;
constexpr unsigned orientationTag = 0x0112;
constexpr unsigned shortType = 3;

/** Numbers of a TIFF header in its own byte order, within its bytes. */
class Tiff {
 public:
  Tiff(const uint8_t* data, size_t bytes) : data_(data), bytes_(bytes) {}

  bool isPlain() const {
    if (bytes_ < 8) return false;
    const bool little = data_[0] == 'I' && data_[1] == 'I', big = data_[0] == 'M' && data_[1] == 'M';
    return (little || big) && read(2, 2) == 42;
  }
  bool holds(size_t at, size_t count) const { return at <= bytes_ && count <= bytes_ - at; }
  unsigned read(size_t at, size_t count) const {
    unsigned value = 0;
    for (size_t i = 0; i < count; i++) {
      value = value << 8 | data_[at + (data_[0] == 'I' ? count - 1 - i : i)];
    }
    return value;
  }

 private:
  const uint8_t* data_;
  size_t bytes_;
};

}  // namespace

int readOrientation(const uint8_t* exif, size_t bytes) {
  if (bytes < tiffStart || std::memcmp(exif, "Exif\0\0", tiffStart) != 0) return 0;
  const Tiff tiff(exif + tiffStart, bytes - tiffStart);
  if (!tiff.isPlain()) return 0;
  const size_t directory = tiff.read(4, 4);
  if (!tiff.holds(directory, 2)) return 0;
  const size_t entries = tiff.read(directory, 2);
  if (!tiff.holds(directory + 2, entries * entryBytes)) return 0;
  int orientation = 1;
  for (size_t i = 0; i < entries; i++) {
    const size_t entry = directory + 2 + i * entryBytes;
    if (tiff.read(entry, 2) != orientationTag) continue;
    const unsigned value = tiff.read(entry + 8, 2);
    const bool isPlain = tiff.read(entry + 2, 2) == shortType && tiff.read(entry + 4, 4) == 1;
    if (!isPlain || value < 1 || value > 8 || orientation != 1) return 0;
    orientation = static_cast<int>(value);
  }
  return orientation;
}

Upright turnUpright(int orientation, long height, long width) {
  // Where the first row of the file is when the picture is upright, and where its first column.
  const bool isTransposed = orientation >= 5;
  const bool rowsReversed = orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7;
  const bool columnsReversed =
      orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8;
  const long rowStep = isTransposed ? 1 : width, columnStep = isTransposed ? height : 1;
  Upright upright;
  upright.height = isTransposed ? width : height;
  upright.width = isTransposed ? height : width;
  upright.start = (rowsReversed ? (height - 1) * rowStep : 0) +
                  (columnsReversed ? (width - 1) * columnStep : 0);
  upright.perRow = rowsReversed ? -rowStep : rowStep;
  upright.perColumn = columnsReversed ? -columnStep : columnStep;
  return upright;
}

}  // namespace resnet
