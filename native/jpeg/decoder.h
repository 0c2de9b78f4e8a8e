// decoder.h: JPEGs by libjpeg-turbo with its default settings, which are Pillow's and libvips's: the slow, exact DCT and
// smooth upsampling of colour. Only what is plain: who else decodes has the say on all other files.

#pragma once
#include <csetjmp>
#include <cstddef>
#include <cstdint>
#include <cstdio>

#include <jpeglib.h>

#include "orientation.h"

#if !defined(LIBJPEG_TURBO_VERSION_NUMBER) || LIBJPEG_TURBO_VERSION_NUMBER < 2001000
#error "libjpeg-turbo 2.1 or newer is needed: others give some images other pixels"
#endif

namespace resnet {

/**
 * One JPEG in memory. libjpeg reports errors by a function that must not return: here it jumps back into the call that
 * asked, which then gives false.
 */
class JpegDecoder {
 public:
  JpegDecoder();
  ~JpegDecoder();
  JpegDecoder(const JpegDecoder&) = delete;
  JpegDecoder& operator=(const JpegDecoder&) = delete;

  /**
   * Whether the header is of a baseline or progressive JPEG, grey or in colour, of at most 268 megapixels, and its EXIF
   * is plain.
   *
   * @param data outlives the decoder
   */
  bool readHeader(const uint8_t* data, size_t bytes);

  /** Upright. Known once the header is read. */
  long height() const { return upright_.height; }
  long width() const { return upright_.width; }
  /** Whether it has no colour. */
  bool isGrey() const { return info_.jpeg_color_space == JCS_GRAYSCALE; }

  /**
   * Decodes the whole image, upright. False on anything that libjpeg warns of, such as an end that is missing.
   *
   * @param channels 3 for red, green and blue; 1 of a grey image
   * @param target `[height, width, channels]`
   */
  bool readPixels(int channels, uint8_t* target);

 private:
  bool isPlain();
  void readRows(int channels, uint8_t* target);

  jpeg_decompress_struct info_{};
  jpeg_error_mgr errors_{};
  jpeg_progress_mgr progress_{};
  Upright upright_{};
  std::jmp_buf leave_;
};

}  // namespace resnet
