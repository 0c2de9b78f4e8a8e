#include "conv_product.h"

#include <algorithm>
#include <cstring>

#include "../element.h"
#include "../ops/moments.h"
#include "products.h"

namespace resnet {
namespace {

/** Strips of a product: how often it asks for what is needed next. */
template <class T>
long stripsOf(const BrgemmCall<T>& call) {
  constexpr long line = 64 / static_cast<long>(sizeof(T));
  return std::max(1L, call.tapCount * ((call.k + line - 1) / line));
}

/** A tile's share of the next panel of the weight, which may come from memory. */
template <class T>
FetchLines fetchPanel(const BrgemmCall<T>& call, const Tile& size, long panelStride, long tile,
                      long tiles) {
  if (call.tapCount == 0) return {};
  const long line = 64 / static_cast<long>(sizeof(T));
  const long share = (call.tapCount * call.k * size.columns / line + tiles - 1) / tiles;
  const T* panel = call.taps->b + call.bOffset + panelStride;
  const long strips = stripsOf(call);
  return {reinterpret_cast<const char*>(panel + tile * share * line), share,
          (share + strips - 1) / strips};
}

}  // namespace

template <class T>
ConvProduct<T>::ConvProduct(const ConvShape& given, Direction direction, Method method,
                            bool moments, const Kernels& kernels, int threads, Scratch& scratch,
                            Scratch* persistent)
    : shape_(flattened(given)), patchesShape_(given), method_(method), direction_(direction),
      moments_(moments), tile_(kernels.of<T>().tile), blocking_(tile_), keepsWeight_(persistent) {
  const bool forward = direction == Direction::forward;
  if (gathers()) shape_ = patchProduct(shape_);
  const ConvShape& shape = shape_;
  const long padding = shape.padding, stride = shape.stride;
  sourceWidth_ = forward ? shape.w : shape.ow;
  targetWidth_ = forward ? shape.ow : shape.w;
  sourceChannels_ = forward ? shape.cin : shape.cout;
  targetChannels_ = forward ? shape.cout : shape.cin;
  // With one sample, neighbouring outputs are `stride` source rows apart; with more, only
  // stride 1 makes (width, batch) rows evenly spaced.
  const bool merge = stride == 1 || (forward && shape.n == 1);
  rowStride_ = sourceChannels_ * (forward && shape.n == 1 ? stride : 1);
  const auto runs = forward ? outputRuns : inputRuns;
  vertical_ = runs(shape.oh, shape.h, shape.kh, stride, padding, false);
  horizontal_ = runs(shape.ow, shape.w, shape.kw, stride, padding, merge);
  blocks_ = rowBlocks(vertical_, horizontal_, shape.n, blocking_.rows);

  std::vector<bool> isRead(static_cast<size_t>(shape.kh * shape.kw));
  for (const AxisRun& v : vertical_) {
    for (const AxisRun& h : horizontal_) {
      for (const AxisTap& r : v.taps) {
        for (const AxisTap& s : h.taps) isRead[static_cast<size_t>(r.tap * shape.kw + s.tap)] = true;
      }
      maxTaps_ = std::max(maxTaps_, static_cast<long>(v.taps.size() * h.taps.size()));
    }
  }
  weight_ = PackedWeight<T>(shape, direction, isRead, tile_);
  const long panels = weight_.panelCount();
  const long blocks = static_cast<long>(blocks_.size());
  panelsPerTask_ = choosePanelsPerTask(method_, blocks, panels, threads);

  if (gathers()) reservePatches(threads, scratch);
  copiesRows_ = copiesRows(method_, tile_, shape.groups, weight_.k(),
                           rowStride_ * static_cast<long>(sizeof(T)));
  copyStride_ = copiedRowStride(tile_);
  copiesPerThread_ = copiesRows_ ? sizeof(T) * static_cast<size_t>(blocking_.rows * copyStride_) : 0;
  copies_ = scratch.reserve(copiesPerThread_ * static_cast<size_t>(threads));
  const size_t floats = sizeof(float);
  packed_ = (persistent ? *persistent : scratch).reserve(weight_.bytes());
  sumsPerThread_ = static_cast<size_t>(panelsPerTask_ * blocking_.rows * tile_.columns) * floats;
  sums_ = scratch.reserve(sumsPerThread_ * static_cast<size_t>(threads));
  taps_ = scratch.reserve(sizeof(BrgemmTap<T>) * static_cast<size_t>(maxTaps_ * threads));
  blockMoments_ = reserveMoments(scratch, moments ? blocks : 0, targetChannels_);
}

template <class T>
void ConvProduct<T>::reservePatches(int threads, Scratch& scratch) {
  const bool byBlock = method_ == Method::patchesByBlock;
  patchesPerThread_ = sizeof(T) * static_cast<size_t>(blocking_.rows * rowStride_);
  patchesPlace_ = scratch.reserve(byBlock ? patchesPerThread_ * static_cast<size_t>(threads)
                                          : sizeof(T) * static_cast<size_t>(shape_.n * rowStride_));
}

template <class T>
void ConvProduct<T>::gatherAll(const RunContext& context, const T* x) const {
  T* all = reinterpret_cast<T*>(context.scratch + patchesPlace_);
  const long together = std::max(1L, elementBlock / rowStride_);
  parallelBlocks(context, shape_.n, together, [&](long begin, long end) {
    gatherPatches(patchesShape_, x, begin, end - begin, all + begin * rowStride_);
  });
}

/** The first row of a block's patches. */
template <class T>
const T* ConvProduct<T>::blockPatches(const RunContext& context, const T* x, const RowBlock& rows,
                                      int thread) const {
  T* patches = reinterpret_cast<T*>(context.scratch + patchesPlace_);
  if (method_ == Method::patchesAtOnce) return patches + rows.begin * rowStride_;
  patches += patchesPerThread_ / sizeof(T) * static_cast<size_t>(thread);
  gatherPatches(patchesShape_, x, rows.begin, rows.rows, patches);
  return patches;
}

template <class T>
T* ConvProduct<T>::packed(const RunContext& context) const {
  return reinterpret_cast<T*>((keepsWeight_ ? context.persistent : context.scratch) + packed_);
}

template <class T>
void ConvProduct<T>::run(const RunContext& context, const ProductOperands<T>& operands) const {
  if (!keepsWeight_ || packedVersion_ != operands.weightVersion) {
    weight_.pack(context, operands.weight, packed(context));
  }
  packedVersion_ = operands.weightVersion;
  if (method_ == Method::patchesAtOnce) gatherAll(context, operands.source);
  const long panels = weight_.panelCount();
  const long parts = (panels + panelsPerTask_ - 1) / panelsPerTask_;
  const long blocks = static_cast<long>(blocks_.size());
  context.pool.parallelFor(blocks * parts, [&](long task, int thread) {
    const long begin = task % parts * panelsPerTask_;
    runBlock(context, operands, task / parts, begin, std::min(panels, begin + panelsPerTask_),
             thread);
  });
  if (moments_) mergeMoments(context, operands);
}

/** A block's operands: A's first row and B's first panel for each tap. */
template <class T>
long ConvProduct<T>::listTaps(const RunContext& context, const T* source, const RowBlock& rows,
                              int thread, BrgemmTap<T>* taps) const {
  const T* packed = this->packed(context);
  if (gathers()) {
    taps[0] = {blockPatches(context, source, rows, thread), packed};
    return 1;
  }
  long count = 0;
  for (const AxisTap& r : vertical_[static_cast<size_t>(rows.vertical)].taps) {
    for (const AxisTap& s : horizontal_[static_cast<size_t>(rows.horizontal)].taps) {
      const long pixel = r.source * sourceWidth_ + s.source;
      taps[count++] = {source + pixel * shape_.n * sourceChannels_ + rows.begin * rowStride_,
                       packed + weight_.tapOffset(r.tap * shape_.kw + s.tap)};
    }
  }
  return count;
}

/** One block of the target: its chunks of K one after the other. */
template <class T>
void ConvProduct<T>::runBlock(const RunContext& context, const ProductOperands<T>& operands,
                              long block, long panelBegin, long panelEnd, int thread) const {
  const RowBlock& rows = blocks_[static_cast<size_t>(block)];
  BrgemmTap<T>* taps =
      reinterpret_cast<BrgemmTap<T>*>(context.scratch + taps_) + maxTaps_ * thread;
  const long tapCount = listTaps(context, operands.source, rows, thread, taps);
  const long unit = tile_.depth;
  const long k = weight_.k();
  const Split tapSplit(tapCount, std::max(1L, blocking_.depth / k));
  const Split depthSplit(k / unit, std::min(k, blocking_.depth) / unit);
  // Where no tap reaches the target, one empty chunk still writes zeros.
  const long chunks = std::max(1L, tapSplit.pieces * depthSplit.pieces);
  Chunk part{rows, targetRow(rows), panelBegin, panelEnd, chunks == 1, false, 0, 0, {}};
  BrgemmCall<T>& call = part.call;
  call.ldc = tile_.columns;
  call.c = reinterpret_cast<float*>(context.scratch + sums_ +
                                    sumsPerThread_ * static_cast<size_t>(thread));
  const Products products(context.kernels);
  for (long chunk = 0; chunk < chunks; chunk++) {
    const long tapPiece = chunk / depthSplit.pieces, depthPiece = chunk % depthSplit.pieces;
    part.depthBegin = depthSplit.begin(depthPiece) * unit;
    part.depth = depthSplit.size(depthPiece) * unit;
    part.isLast = chunk == chunks - 1;
    call.taps = taps + tapSplit.begin(tapPiece);
    call.tapCount = tapCount ? tapSplit.size(tapPiece) : 0;
    call.accumulate = chunk > 0;
    call.lda = rowStride_;
    BrgemmTap<T> copy;
    if (copiesRows_ && tapCount > 0) {
      copy = {copyRows(context, call.taps->a + part.depthBegin, part, thread), call.taps->b};
      call.taps = &copy;
      call.lda = copyStride_;
    }
    runChunk(context, operands, part);
  }
  for (long p = panelBegin; moments_ && p < panelEnd; p++) {
    takeMoments(context, operands, block, weight_.panel(p), part.targetRow);
  }
}

/** Adds a chunk's products to the sums of the block, and finishes them after the last one. */
template <class T>
void ConvProduct<T>::runChunk(const RunContext& context, const ProductOperands<T>& operands,
                              const Chunk& chunk) const {
  const Split tiles(chunk.rows.rows, tile_.rows, tile_.rowUnit);
  const long panels = chunk.panelEnd - chunk.panelBegin;
  const long panelStride = weight_.panelStride();
  BrgemmCall<T> call = chunk.call;
  const bool copied = call.lda != rowStride_;
  const bool rowMajor =
      isRowMajorOrder(tile_, call.tapCount * chunk.depth * tile_.columns * panels *
                                 static_cast<long>(sizeof(T)));
  for (long product = 0; product < panels * tiles.pieces; product++) {
    const long p = rowMajor ? product % panels : product / tiles.pieces;
    const long tile = rowMajor ? product / panels : product % tiles.pieces;
    const Panel& panel = weight_.panel(chunk.panelBegin + p);
    const Bundle& bundle = weight_.bundle(panel);
    const long row = tiles.begin(tile);
    call.rows = static_cast<int>(tiles.size(tile));
    call.columns = static_cast<int>(panel.columns);
    call.k = std::max(0L, std::min(chunk.depth, bundle.k - chunk.depthBegin));
    call.aOffset = row * call.lda + (copied ? 0 : bundle.sourceChannel + chunk.depthBegin);
    call.bOffset = (chunk.panelBegin + p) * panelStride + chunk.depthBegin * tile_.columns;
    // Sums of a single chunk are finished at once, always in the same lines of the cache.
    call.c = chunk.call.c + (chunk.isOnly ? 0 : (p * blocking_.rows + row) * tile_.columns);
    call.rowsBelow = !copied && p == 0 && tile + 1 < tiles.pieces ? tiles.size(tile + 1) : 0;
    if (chunk.isLast) call.fetch = fetchTarget(operands, panel, chunk.targetRow + row, call);
    // The panel after a task's last one is the next task's, most often of the same thread.
    const bool fetches = !rowMajor && chunk.panelBegin + p + 1 < weight_.panelCount();
    call.fetchB = fetches ? fetchPanel(call, tile_, panelStride, tile, tiles.pieces) : FetchLines{};
    context.kernels.of<T>().brgemm(&call);
    if (chunk.isLast) finishTile(context, operands, panel, call, chunk.targetRow + row);
  }
}

/** A chunk's rows of the source, copied so that they do not all meet in the same few lines. */
template <class T>
const T* ConvProduct<T>::copyRows(const RunContext& context, const T* source, const Chunk& chunk,
                                  int thread) const {
  T* copy = reinterpret_cast<T*>(context.scratch + copies_ +
                                 copiesPerThread_ * static_cast<size_t>(thread));
  const size_t bytes = sizeof(T) * static_cast<size_t>(chunk.depth);
  for (long row = 0; row < chunk.rows.rows; row++) {
    std::memcpy(copy + row * copyStride_, source + row * rowStride_, bytes);
  }
  return copy;
}

/** The block's first row of the target. */
template <class T>
long ConvProduct<T>::targetRow(const RowBlock& rows) const {
  const AxisRun& vertical = vertical_[static_cast<size_t>(rows.vertical)];
  const AxisRun& horizontal = horizontal_[static_cast<size_t>(rows.horizontal)];
  return (vertical.target * targetWidth_ + horizontal.target) * shape_.n + rows.begin;
}

/** The first element of a row of the target that a panel computes. */
template <class T>
long ConvProduct<T>::targetPlace(const Panel& panel, long targetRow) const {
  const long channel = weight_.bundle(panel).targetChannel + panel.column;
  return targetRow * targetChannels_ + channel;
}

/** What the epilogue of a tile needs in cache; asked for evenly, and all before the last strip. */
template <class T>
FetchRows ConvProduct<T>::fetchTarget(const ProductOperands<T>& operands, const Panel& panel,
                                      long targetRow, const BrgemmCall<T>& tile) const {
  constexpr long size = sizeof(T);
  const long place = targetPlace(panel, targetRow);
  const long strips = std::max(1L, stripsOf(tile) - 1);
  return {reinterpret_cast<const char*>(operands.target + place),
          operands.residual ? reinterpret_cast<const char*>(operands.residual + place) : nullptr,
          targetChannels_ * size, panel.columns * size, tile.rows,
          (tile.rows + strips - 1) / strips};
}

/** Writes the sums of one tile's call to rows of the target, from `targetRow` on. */
template <class T>
void ConvProduct<T>::finishTile(const RunContext& context, const ProductOperands<T>& operands,
                                const Panel& panel, const BrgemmCall<T>& tile,
                                long targetRow) const {
  const long place = targetPlace(panel, targetRow), channel = place % targetChannels_;
  EpilogueCall<T> call{};
  call.c = tile.c;
  call.ldc = tile.ldc;
  call.rows = tile.rows;
  call.columns = panel.columns;
  call.y = operands.target + place;
  call.ldy = targetChannels_;
  call.scale = operands.scale ? operands.scale + channel : nullptr;
  call.bias = operands.bias ? operands.bias + channel : nullptr;
  call.residual = operands.residual ? operands.residual + place : nullptr;
  call.activation = operands.activation;
  call.slope = operands.slope;
  context.kernels.of<T>().epilogue(&call);
}

/** The moments of a finished block of the target, for batch norm. */
template <class T>
void ConvProduct<T>::takeMoments(const RunContext& context, const ProductOperands<T>& operands,
                                 long block, const Panel& panel, long targetRow) const {
  const long place = targetPlace(panel, targetRow);
  const long at = block * targetChannels_ + place % targetChannels_;
  const long blocks = static_cast<long>(blocks_.size());
  const Moments moments =
      momentsAt(context, blockMoments_, blocks, targetChannels_).at(at);
  context.kernels.of<T>().columnMoments(operands.target + place, targetChannels_,
                                        blocks_[static_cast<size_t>(block)].rows, panel.columns,
                                        &moments);
}

template <class T>
void ConvProduct<T>::mergeMoments(const RunContext& context,
                                  const ProductOperands<T>& operands) const {
  const long blocks = static_cast<long>(blocks_.size());
  mergeBlockMoments(context, momentsAt(context, blockMoments_, blocks, targetChannels_), blocks,
                    targetChannels_,
                    [&](long block) { return blocks_[static_cast<size_t>(block)].rows; },
                    operands.mean, operands.variance);
}

template class ConvProduct<float>;
template class ConvProduct<bf16>;

}  // namespace resnet
