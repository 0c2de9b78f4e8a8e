// conv_weight_grad.h
//
// The product behind conv2dWeightGrad and linearWeightGrad:
//
//   dweight[tap] = Σ over (p, q) that meet through tap of  x[q]^T · dy[p]
//
// K runs over pixels and samples. x is packed transposed, block by block, as the tile reads A in
// rows; dy is packed panel by panel, once for all taps. Pixels are cut into
// partitions where the weight alone gives too few tasks; partial sums are then added in order, and
// nothing depends on the number of threads. Images are of type T, dweight and all sums float.
//
// Images of few channels (the first convolution) would leave most rows of the tile empty: there,
// the taps and channels of each output pixel are gathered into one patch, which becomes A.

#pragma once
#include "../ops/op.h"
#include "conv_shape.h"

namespace resnet {

/** T is float or bf16. */
template <class T>
class ConvWeightGrad {
 public:
  ConvWeightGrad(const ConvShape& shape, const Kernels& kernels, int threads, Scratch& scratch);

  void run(const RunContext& context, const T* x, const T* dy, float* dweight) const;

 private:
  ConvWeightGrad(const Kernels& kernels, int threads, Scratch& scratch, const ConvShape& shape);

  /** One block of the result: input channels × output channels of a bundle, all taps. */
  struct Block {
    long bundle, row, rows, panel, panels;
  };

  struct Work;

  void runTask(const RunContext& context, const T* x, const T* dy, float* out, long task,
               int thread) const;
  void packOutputGrad(const Work& work, const RowBlock& piece, long at) const;
  void gatherPatches(const RowBlock& piece, const T* x, T* patches) const;
  void multiplyPatches(Work& work, size_t first, long count) const;
  void multiplyTap(Work& work, size_t first, long count, long tap) const;
  void multiply(Work& work, long tap) const;
  void reduce(const RunContext& context, const float* partial, float* dweight) const;
  void reduceRow(const RunContext& context, const float* partial, float* dweight, long row) const;

  /** Rows of a piece as they are packed: padded with zeros to whole units of depth. */
  static long packedRows(const RowBlock& piece) {
    return (piece.rows + depthUnit<T> - 1) / depthUnit<T> * depthUnit<T>;
  }
  long panelsOf(long bundle) const;
  long columnsOf(long bundle) const { return bundles_.size(bundle) * shape_.coutPerGroup(); }

  ConvShape shape_;
  long tileRows_, tileColumns_;
  bool patches_;  // gather patches: the product then has one tap of KH · KW · Cin rows
  bool direct_;   // the one partition is accumulated in dweight itself
  GroupBundles bundles_;
  std::vector<AxisRun> vertical_, horizontal_;
  std::vector<RowBlock> pieces_;
  std::vector<Block> blocks_;
  std::vector<size_t> partitions_;  // first piece of each, and the end
  long productTaps_, productRows_;  // taps, and rows (input channels) of a whole product
  long bundleRows_;                 // rows of the widest bundle
  long rowStep_;
  long outputSize_;  // floats of one partial result
  size_t partial_ = 0, packed_, rows_, started_;
  size_t packedPerThread_, rowsPerThread_;
};

}  // namespace resnet
