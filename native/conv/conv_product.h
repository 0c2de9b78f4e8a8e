// conv_product.h
//
// The product behind conv2d, conv2dInputGrad, linear and linearInputGrad:
//
//   target[p] = epilogue( Σ over (q, tap) that p reads of  source[q] · B[tap] )
//
// Forward, the source is x and B the weight; for the data gradient the source is dy and B the
// transposed weight. The weight is packed once per call, then blocks of rows go through cache:
// per block, K is cut into chunks whose A stays in the second-level cache, and each panel of B
// passes over all rows of the block. Sums that span chunks stay in float in scratch, and the
// epilogue rounds to T, the type of both images, once. Packing rounds the weight to T.

#pragma once
#include "../ops/op.h"
#include "conv_shape.h"

namespace resnet {

template <class T>
struct ProductOperands {
  const T* source;
  const float* weight;  // [KH, KW, Cin/groups, Cout]
  T* target;
  const float* scale = nullptr;
  const float* bias = nullptr;
  const T* residual = nullptr;
  Activation activation = Activation::none;
  float slope = 0;
  float* mean = nullptr;  // of the target's columns; both or neither
  float* variance = nullptr;
};

enum class Direction { forward, inputGrad };

/** T is float or bf16. */
template <class T>
class ConvProduct {
 public:

  ConvProduct(const ConvShape& shape, Direction direction, bool moments, const Kernels& kernels,
              int threads, Scratch& scratch);

  void run(const RunContext& context, const ProductOperands<T>& operands) const;

 private:
  struct Bundle {  // groups that are multiplied as one block-diagonal matrix
    long sourceChannel, targetChannel;
    long k, columns;  // source and target channels
    long group, groups;
  };
  struct Panel {  // one register tile's width of target channels
    long bundle, column, columns;
  };

  void pack(const RunContext& context, const float* weight) const;
  void packTap(const Kernels& kernels, const float* weight, const Panel& panel, long slot,
               T* dst) const;
  void runBlock(const RunContext& context, const ProductOperands<T>& operands, long block,
                long panelBegin, long panelEnd, int thread) const;
  void finishPanel(const RunContext& context, const ProductOperands<T>& operands, long block,
                   const Panel& panel, const float* c, long targetRow) const;
  void mergeMoments(const RunContext& context, const ProductOperands<T>& operands) const;

  ConvShape shape_;
  Direction direction_;
  bool moments_;
  long tileRows_, tileColumns_;
  long sourceWidth_, targetWidth_, sourceChannels_, targetChannels_;
  std::vector<AxisRun> vertical_, horizontal_;
  std::vector<RowBlock> blocks_;
  std::vector<Bundle> bundles_;
  std::vector<Panel> panels_;
  std::vector<long> slots_;     // packed place of each tap, −1 where no pixel reads through it
  std::vector<long> usedTaps_;  // tap of each packed place
  long k_ = 0;                  // source channels of the widest bundle, padded for the packing
  long rowStep_;                // elements between rows of the source
  long maxTaps_ = 0;
  long panelsPerTask_ = 1;
  size_t packed_, sums_, taps_, blockMeans_, blockM2s_;  // places in scratch
  size_t sumsPerThread_ = 0;
};

}  // namespace resnet
