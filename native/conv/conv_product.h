// conv_product.h
//
// The product that conv2d and conv2dInputGrad compute, unless Winograd's costs less (choose.h), and linear and
// linearInputGrad always:
//
//   target[p] = epilogue( Σ over (q, tap) that p reads of  source[q] · B[tap] )
//
// Forward, the source is x and B the weight; for the data gradient the source is dy and B the transposed weight. The weight
// is packed in each run; if the program never writes it, as at inference, it stays packed until somebody writes it.
//
// Blocks of rows go through cache. For each block, K is cut into chunks. If the weight of a chunk stays in the second-level
// cache, all its panels pass over one tile's rows, then over the next one's. Otherwise, and always if the kernel wants a panel
// in the first-level cache, A of the block stays in the second-level cache, and one panel after the other passes
// over all its rows. Sums that span chunks stay in float in scratch.
//
// Rounding   packing rounds the weight to T, the type of both images; the epilogue rounds each result once.

#pragma once
#include "../ops/op.h"
#include "choose.h"
#include "conv_shape.h"
#include "packed_weight.h"
#include "patches.h"

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
  uint64_t weightVersion = 0;  // of a weight that stays packed as long as this stays the same
};

/** T is float or bf16. */
template <class T>
class ConvProduct {
 public:
  /** @param persistent memory of the program for a packed weight that outlives the run, or null */
  ConvProduct(const ConvShape& shape, Direction direction, Method method, bool moments,
              const Kernels& kernels, int threads, Scratch& scratch, Scratch* persistent);

  void run(const RunContext& context, const ProductOperands<T>& operands) const;

 private:
  struct Chunk {  // some taps, or some of the depth, of a block
    const RowBlock& rows;
    long targetRow;
    long panelBegin, panelEnd;
    bool isOnly, isLast;
    long depthBegin, depth;
    BrgemmCall<T> call;  // the fields that its products share
  };

  bool gathers() const { return method_ != Method::direct; }
  void reservePatches(int threads, Scratch& scratch);
  void gatherAll(const RunContext& context, const T* x) const;
  const T* blockPatches(const RunContext& context, const T* x, const RowBlock& rows,
                        int thread) const;
  T* packed(const RunContext& context) const;
  void runBlock(const RunContext& context, const ProductOperands<T>& operands, long block,
                long panelBegin, long panelEnd, int thread) const;
  long targetPlace(const Panel& panel, long targetRow) const;
  long listTaps(const RunContext& context, const T* source, const RowBlock& rows, int thread,
                BrgemmTap<T>* taps) const;
  void runChunk(const RunContext& context, const ProductOperands<T>& operands,
                const Chunk& chunk) const;
  const T* copyRows(const RunContext& context, const T* source, const Chunk& chunk,
                    int thread) const;
  long targetRow(const RowBlock& rows) const;
  FetchRows fetchTarget(const ProductOperands<T>& operands, const Panel& panel, long targetRow,
                        const BrgemmCall<T>& tile) const;
  void finishTile(const RunContext& context, const ProductOperands<T>& operands,
                  const Panel& panel, const BrgemmCall<T>& tile, long targetRow) const;
  void takeMoments(const RunContext& context, const ProductOperands<T>& operands, long block,
                   const Panel& panel, long targetRow) const;
  void mergeMoments(const RunContext& context, const ProductOperands<T>& operands) const;

  ConvShape shape_;         // of the product: of 1x1 images if patches are gathered
  ConvShape patchesShape_;  // of the convolution itself
  Method method_;
  Direction direction_;
  bool moments_;
  Tile tile_;
  Blocking blocking_;
  long sourceWidth_, targetWidth_, sourceChannels_, targetChannels_;
  std::vector<AxisRun> vertical_, horizontal_;
  std::vector<RowBlock> blocks_;
  PackedWeight<T> weight_;
  long rowStride_;  // elements between rows of the source
  long maxTaps_ = 0;
  long panelsPerTask_ = 1;
  bool copiesRows_;  // of the source, chunk by chunk
  long copyStride_;  // elements between copied rows
  size_t copies_, copiesPerThread_;
  bool keepsWeight_;                         // packed_ is a place in the program's persistent memory
  mutable uint64_t packedVersion_ = 0;       // of the weight that lies there; runs take turns
  size_t patchesPlace_ = 0, patchesPerThread_ = 0;
  size_t packed_, sums_, taps_, blockMoments_;  // places in scratch
  size_t sumsPerThread_ = 0;
};

}  // namespace resnet
