// winograd_product.h
//
// The product of conv_product.h for 3x3 filters of stride 1, with 16 multiplications where the direct
// one takes 36: Winograd's F(2x2, 3x3). The target is cut into 2x2 pixels; the 4x4 window of the source
// behind each is transformed to 16 positions, at each position the windows of all pixels and samples
// are the rows of one product with the transformed filter there, and the 16 sums of each are transformed
// back. The transforms are in kernels/winograd.cc; the products are those of every convolution.
//
// Rows go through cache in blocks. If there are enough blocks, each task takes one of them through all three steps;
// otherwise each step is cut into tasks by itself.
//
// The data gradient is the same product of dy with the filter turned by half and transposed. The
// transform of a turned filter has the same values at other positions: first and last change places.
//
// Source: Lavin and Gray 2015, arXiv:1509.09308.

#pragma once
#include "conv_product.h"

namespace resnet {

class WinogradProduct {
 public:
  /** @param persistent memory of the program for a filter that outlives the run, or null */
  WinogradProduct(const ConvShape& shape, Direction direction, bool moments, const Kernels& kernels,
                  int threads, Scratch& scratch, Scratch* persistent);

  void run(const RunContext& context, const ProductOperands<float>& operands) const;

 private:
  struct Run {  // neighbouring rows: samples of one window
    long windowRow, windowColumn;
    long sample, samples;
    long row;  // of the block
  };
  struct Block {
    size_t runBegin, runEnd;
    long rows;
  };
  struct Buffers {  // of a block, by position
    float* windows;  // [rows][sourceChannels], positions windowStride_ apart
    float* sums;     // [rows][sumColumns], positions sumsStride_ apart
  };

  void makeBlocks(long rows, long most);
  Buffers buffers(const RunContext& context, int thread) const;
  float* packed(const RunContext& context) const;
  void packFilter(const RunContext& context, const float* weight) const;
  void transformInput(const RunContext& context, const float* source, size_t run,
                      const Buffers& buffers) const;
  void multiply(const RunContext& context, const Block& block, long position, long panelBegin,
                long panelEnd, const Buffers& buffers) const;
  void transformOutput(const RunContext& context, const ProductOperands<float>& operands,
                       size_t run, const Buffers& buffers) const;
  void mergeMoments(const RunContext& context, const ProductOperands<float>& operands) const;
  /** Pixels of all windows, those off the image too, of which each has moments of its own. */
  long pixels() const { return 4 * static_cast<long>(runs_.size()); }

  ConvShape weightShape_;  // of the transformed filter: 4x4 taps, one for each position
  Direction direction_;
  bool moments_;
  Tile tile_;
  Blocking blocking_;
  long n_, padding_;
  long sourceHeight_, sourceWidth_, sourceChannels_;
  long targetHeight_, targetWidth_, targetChannels_;
  long windowColumns_;
  long sumColumns_;  // whole panels
  long windowStride_, sumsStride_;
  PackedWeight<float> weight_;
  std::vector<Run> runs_;
  std::vector<Block> blocks_;
  bool blocksAreTasks_;
  bool keepsWeight_;
  mutable uint64_t packedVersion_ = 0;
  size_t packed_, filter_, windows_, sums_, momentsPlace_ = 0;  // places in scratch
};

}  // namespace resnet
