// conv_shape.h
//
// The geometry of a convolution: which pixels meet which tap, as runs of pixels that share their
// taps. A run is a dense matrix of (width, batch) rows, so a batch of one still fills a tile.

#pragma once
#include <vector>

namespace resnet {

struct ConvShape {
  long h, w, n, cin;  // the image
  long kh, kw, cout;
  long oh, ow;
  long stride, padding, groups;

  long cinPerGroup() const { return cin / groups; }
  long coutPerGroup() const { return cout / groups; }
};

/**
 * The same convolution on fewer, longer rows: if each output pixel reads only one image pixel, and every one is read, the ends of
 * rows do not matter, and the image becomes a single row.
 */
ConvShape flattened(const ConvShape& shape);

/** A pixel of the source image, along one axis, and the tap through which it is read. */
struct AxisTap {
  long source;
  long tap;
};

/** `count` neighbouring target pixels along one axis; the taps are given for the first of them. */
struct AxisRun {
  long target;
  long count;
  std::vector<AxisTap> taps;
};

/** Runs of output pixels and the image pixels they read; longer than 1 only if `merge`. */
std::vector<AxisRun> outputRuns(long outputs, long inputs, long kernel, long stride, long padding,
                                bool merge);

/** Runs of image pixels and the output pixels that read them. */
std::vector<AxisRun> inputRuns(long outputs, long inputs, long kernel, long stride, long padding,
                               bool merge);

/**
 * Splits `total` into pieces of at most `most`, as evenly as possible if all pieces but the last must be multiples of `unit`.
 * `most` is a multiple of `unit`.
 */
struct Split {
  long total, unit;
  long pieces, base, longer;  // the first `longer` pieces have base + 1 units

  Split(long total, long most, long unit = 1)
      : total(total), unit(unit), pieces((total + most - 1) / most) {
    const long units = (total + unit - 1) / unit;
    base = pieces ? units / pieces : 0;
    longer = pieces ? units % pieces : 0;
  }
  long begin(long i) const { return (i * base + (i < longer ? i : longer)) * unit; }
  long size(long i) const { return (i + 1 < pieces ? begin(i + 1) : total) - begin(i); }
};

/** Some rows of a run of pixels: a block of one matrix. */
struct RowBlock {
  long vertical, horizontal;  // indices of the runs
  long begin, rows;           // rows within the run; a row is one (pixel, sample)
};

/** Cuts all runs (vertical × horizontal, each `batch` rows a pixel) into blocks of rows. */
std::vector<RowBlock> rowBlocks(const std::vector<AxisRun>& vertical,
                                const std::vector<AxisRun>& horizontal, long batch, long most);

/**
 * Narrow groups are taken several at a time, as one product with a block-diagonal matrix, so that a
 * group of 4 channels does not leave most of the register tile empty.
 */
struct GroupBundles {
  long groups, perBundle;

  GroupBundles(long groups, long columnsPerGroup, long tileColumns)
      : groups(groups),
        perBundle(columnsPerGroup >= tileColumns ? 1 : tileColumns / columnsPerGroup) {
    if (perBundle > groups) perBundle = groups;
  }
  long count() const { return (groups + perBundle - 1) / perBundle; }
  long first(long bundle) const { return bundle * perBundle; }
  long size(long bundle) const {
    return first(bundle) + perBundle <= groups ? perBundle : groups - first(bundle);
  }
};

}  // namespace resnet
