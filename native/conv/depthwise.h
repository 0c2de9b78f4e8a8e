// depthwise.h
//
// Convolutions of as many groups as channels, whose every channel has a filter of its own, and their gradients. There is nothing to
// multiply as matrices: each tap multiplies pixels by its row of the weight, element by element.
//
// Rounding   the weight is rounded to T, sums are in float and, of the weight's gradient, in double over rows of pixels.

#pragma once
#include "conv_product.h"

namespace resnet {

/** conv2d, or its gradient by the image. T is float or bf16. */
template <class T>
class DepthwiseProduct {
 public:
  DepthwiseProduct(const ConvShape& shape, Direction direction, bool moments, int threads,
                   Scratch& scratch);

  void run(const RunContext& context, const ProductOperands<T>& operands) const;

 private:
  void runBlock(const RunContext& context, const ProductOperands<T>& operands, long task,
                int thread) const;
  void takeMoments(const RunContext& context, const ProductOperands<T>& operands) const;

  ConvShape shape_;
  bool moments_;
  std::vector<AxisRun> vertical_, horizontal_;  // a pixel each
  long sourceWidth_, targetWidth_;
  long rows_, sampleBlocks_;                    // samples of a block
  size_t weight_, sums_, blockMoments_;         // places in scratch
};

/** The gradient of a depthwise conv2d by its weight. */
template <class T>
class DepthwiseWeightGrad {
 public:
  DepthwiseWeightGrad(const ConvShape& shape, int threads, Scratch& scratch);

  void run(const RunContext& context, const T* x, const T* dy, float* dweight) const;

 private:
  ConvShape shape_;
  std::vector<AxisRun> vertical_, horizontal_;
  long rows_, parts_;
  size_t totals_, sums_;
};

}  // namespace resnet
