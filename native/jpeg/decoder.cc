#include "decoder.h"

#include <algorithm>
#include <cstring>

namespace resnet {
namespace {

constexpr double maxPixels = 268402689;  // 16383 squared: sharp's limit
constexpr int maxScans = 100;            // more make a small file take long: https://libjpeg-turbo.org/pmwiki/uploads/About/TwoIssueswiththeJPEGStandard.pdf
constexpr int orientationMarker = JPEG_APP0 + 1;
constexpr JDIMENSION rowsAtOnce = 8;

}  // namespace

JpegDecoder::JpegDecoder() {
  info_.err = jpeg_std_error(&errors_);
  info_.client_data = this;
  const auto leave = [](jpeg_common_struct* info) {
    std::longjmp(static_cast<JpegDecoder*>(info->client_data)->leave_, 1);
  };
  errors_.error_exit = leave;
  errors_.emit_message = [](jpeg_common_struct* info, int level) {
    if (level < 0) info->err->error_exit(info);
  };
  errors_.output_message = [](jpeg_common_struct*) {};
  progress_.progress_monitor = [](jpeg_common_struct* info) {
    const auto* decompress = reinterpret_cast<jpeg_decompress_struct*>(info);
    if (decompress->input_scan_number > maxScans) info->err->error_exit(info);
  };
}

JpegDecoder::~JpegDecoder() {
  if (info_.mem != nullptr) jpeg_destroy_decompress(&info_);
}

bool JpegDecoder::readHeader(const uint8_t* data, size_t bytes) {
  if (setjmp(leave_) != 0) return false;
  jpeg_create_decompress(&info_);
  info_.progress = &progress_;
  jpeg_save_markers(&info_, orientationMarker, 0xffff);
  jpeg_mem_src(&info_, data, static_cast<unsigned long>(bytes));
  jpeg_read_header(&info_, TRUE);
  return isPlain();
}

bool JpegDecoder::isPlain() {
  const bool isColour = info_.jpeg_color_space == JCS_YCbCr || info_.jpeg_color_space == JCS_RGB;
  if (!(isColour && info_.num_components == 3) && !(isGrey() && info_.num_components == 1)) return false;
  if (info_.arith_code || info_.data_precision != 8) return false;
  if (static_cast<double>(info_.image_width) * info_.image_height > maxPixels) return false;
  int orientation = 1, found = 0;
  for (const jpeg_marker_struct* marker = info_.marker_list; marker; marker = marker->next) {
    if (marker->data_length < 4 || std::memcmp(marker->data, "Exif", 4) != 0) continue; // XMP is in APP1 too
    orientation = readOrientation(marker->data, marker->data_length);
    found++;
  }
  if (orientation == 0 || found > 1) return false;
  upright_ = turnUpright(orientation, info_.image_height, info_.image_width);
  return true;
}

bool JpegDecoder::readPixels(int channels, uint8_t* target) {
  if (setjmp(leave_) != 0) return false;
  info_.out_color_space = channels == 1 ? JCS_GRAYSCALE : JCS_RGB;
  jpeg_start_decompress(&info_);
  readRows(channels, target);
  jpeg_finish_decompress(&info_);  // reads to the end, and so finds whether there is one
  return true;
}

void JpegDecoder::readRows(int channels, uint8_t* target) {
  const JDIMENSION height = info_.output_height, width = info_.output_width;
  JSAMPROW rows[rowsAtOnce];
  if (upright_.perColumn == 1) {
    while (info_.output_scanline < height) {
      const JDIMENSION first = info_.output_scanline;
      const JDIMENSION count = std::min(rowsAtOnce, height - first);
      for (JDIMENSION i = 0; i < count; i++) {
        rows[i] = target + (upright_.start + static_cast<long>(first + i) * upright_.perRow) * channels;
      }
      jpeg_read_scanlines(&info_, rows, count);
    }
    return;
  }
  const JSAMPARRAY line = info_.mem->alloc_sarray(reinterpret_cast<j_common_ptr>(&info_), JPOOL_IMAGE,
                                                  width * static_cast<JDIMENSION>(channels), 1);
  while (info_.output_scanline < height) {
    const long row = info_.output_scanline;
    if (jpeg_read_scanlines(&info_, line, 1) == 0) continue;
    uint8_t* pixel = target + (upright_.start + row * upright_.perRow) * channels;
    for (JDIMENSION column = 0; column < width; column++) {
      std::memcpy(pixel, line[0] + column * static_cast<JDIMENSION>(channels), static_cast<size_t>(channels));
      pixel += upright_.perColumn * channels;
    }
  }
}

}  // namespace resnet
