// choose.h
//
// All choices of how a convolution is computed: the method, the order of its loops, and how its work is cut for caches and
// threads. No other file of conv/ has constants that were tuned for a machine. The choices depend only on shapes, tile and threads,
// so `make choices` prints them without running a kernel.
//
// A choice that changes sums never depends on the number of threads: results are the same for any number.

#pragma once
#include "../kernels/kernels.h"
#include "conv_shape.h"
#include "grad_pieces.h"

namespace resnet {

enum class Direction { forward, inputGrad };

/** How the product of an image with a weight is computed. */
enum class Method {
  direct,         // runs of pixels that share their taps, as they lie in memory (conv_product.h)
  patchesAtOnce,  // the same on gathered patches: all of them before the product (patches.h),
  patchesByBlock, // or those of a block of rows at a time
  winograd,       // F(2x2, 3x3) (winograd_product.h)
};

/** The facts that decide about the method. */
struct ProductCase {
  ConvShape shape;
  Direction direction;
  bool moments;        // mean and variance of the target's columns are wanted
  bool keepsWeight;    // the weight is constant and stays packed from run to run
  long elementBytes;   // of both images
  Tile tile;
  int threads;
};

Method chooseMethod(const ProductCase& product);

/** Whether every channel has a filter of its own, so that there is nothing to multiply as matrices (depthwise.h). */
bool isDepthwise(const ConvShape& shape);

/** Samples of a pixel that a depthwise convolution takes at a time. */
long depthwiseRows(const ConvShape& shape);

/** The block that a thread holds in the second-level cache while it multiplies. */
struct Blocking {
  long rows;   // of a block of the source: a multiple of the tile's
  long depth;  // of a chunk of k; sums that need more are kept in memory between two chunks

  explicit Blocking(const Tile& tile);
};

/** Panels of the weight that one task takes through a block of rows. */
long choosePanelsPerTask(Method method, long blocks, long panels, int threads);

/** Whether the rows of a chunk are copied, so that they do not meet in the same few lines of the cache. */
bool copiesRows(Method method, const Tile& tile, long groups, long k, long rowStrideBytes);

/** Elements from one copied row to the next. */
long copiedRowStride(const Tile& tile);

/** Whether all panels pass over one tile's rows before the next tile's: if a chunk of the weight stays in cache. */
bool isRowMajorOrder(const Tile& tile, long chunkWeightBytes);

/** How the rows of Winograd's products, one for each 4x4 window and sample, are cut. */
struct WinogradBlocking {
  long rows;         // of a block: a multiple of the tile's
  bool blocksAreTasks;  // each block is a task; else each of the three steps is cut into tasks by itself
};
WinogradBlocking chooseWinogradBlocking(long rows, long sourceChannels, long sumColumns,
                                        const Tile& tile, int threads);

/** Rows of one product of Winograd's that pass through cache together. */
long winogradProductRows();

/** Floats from one of Winograd's positions to the next, for matrices of that size. */
long winogradPositionStride(long rows, long channels);

/** Whether the weight gradient gathers patches. */
bool gradTakesPatches(const ConvShape& shape);

/** Rows and columns of a block of the weight gradient. */
long gradBlockChannels();

/** The size of a piece that the depth of the weight gradient is cut into, at most. */
GradPiece chooseGradPiece(const ConvShape& shape, const PiecePacking& packing, const Tile& tile);

/**
 * Partitions of the pieces, each of which makes partial sums.
 *
 * @param blocks of the result, `partialFloats` in all of them
 * @param rows pixels and samples of the output
 */
long chooseGradPartitions(long blocks, long partialFloats, long rows, long pieces);

}  // namespace resnet
