#include "conv_product.h"

#include <algorithm>

#include "../ops/moments.h"

namespace resnet {
namespace {

constexpr long blockRows = 144;     // rows of a block: a multiple of every tile's rows
constexpr long chunkDepth = 576;    // K of a chunk: A of a block stays in the second-level cache
constexpr long mostPanels = 16;     // panels whose sums a thread holds at a time
constexpr long mostBlockPatch = 1152;  // K of patches gathered block by block: they fit that cache

}  // namespace

ConvProduct::ConvProduct(const ConvShape& given, Direction direction, bool moments,
                         const Kernels& kernels, int threads, Scratch& scratch, Scratch* keep)
    : shape_(flattened(given)), patchesShape_(given), direction_(direction), moments_(moments),
      tileRows_(kernels.tileRows), tileColumns_(kernels.tileColumns), keep_(keep) {
  const bool forward = direction == Direction::forward;
  const bool patches = forward && prefersPatches(shape_);
  if (patches) shape_ = patchProduct(shape_);
  const ConvShape& shape = shape_;
  const long padding = shape.padding, stride = shape.stride;
  sourceWidth_ = forward ? shape.w : shape.ow;
  targetWidth_ = forward ? shape.ow : shape.w;
  sourceChannels_ = forward ? shape.cin : shape.cout;
  targetChannels_ = forward ? shape.cout : shape.cin;
  // With one sample, neighbouring outputs are `stride` source rows apart; with more, only
  // stride 1 makes (width, batch) rows evenly spaced.
  const bool merge = stride == 1 || (forward && shape.n == 1);
  rowStep_ = sourceChannels_ * (forward && shape.n == 1 ? stride : 1);
  const auto runs = forward ? outputRuns : inputRuns;
  vertical_ = runs(shape.oh, shape.h, shape.kh, stride, padding, false);
  horizontal_ = runs(shape.ow, shape.w, shape.kw, stride, padding, merge);
  blocks_ = rowBlocks(vertical_, horizontal_, shape.n, blockRows);

  slots_.assign(static_cast<size_t>(shape.kh * shape.kw), -1);
  for (const AxisRun& v : vertical_) {
    for (const AxisRun& h : horizontal_) {
      for (const AxisTap& r : v.taps) {
        for (const AxisTap& s : h.taps) slots_[static_cast<size_t>(r.tap * shape.kw + s.tap)] = 0;
      }
      maxTaps_ = std::max(maxTaps_, static_cast<long>(v.taps.size() * h.taps.size()));
    }
  }
  for (size_t tap = 0; tap < slots_.size(); tap++) {
    if (slots_[tap] < 0) continue;
    slots_[tap] = static_cast<long>(usedTaps_.size());
    usedTaps_.push_back(static_cast<long>(tap));
  }

  const long kGroup = forward ? shape.cinPerGroup() : shape.coutPerGroup();
  const long columnsGroup = forward ? shape.coutPerGroup() : shape.cinPerGroup();
  const GroupBundles bundles(shape.groups, columnsGroup, tileColumns_);
  for (long b = 0; b < bundles.count(); b++) {
    const long group = bundles.first(b), groups = bundles.size(b);
    bundles_.push_back({group * kGroup, group * columnsGroup, groups * kGroup,
                        groups * columnsGroup, group, groups});
    k_ = std::max(k_, groups * kGroup);
    for (long column = 0; column < groups * columnsGroup; column += tileColumns_) {
      panels_.push_back({b, column, std::min(tileColumns_, groups * columnsGroup - column)});
    }
  }
  const long panels = static_cast<long>(panels_.size());
  const long blocks = static_cast<long>(blocks_.size());
  const long wanted = std::max(1L, (8L * threads + blocks - 1) / blocks);
  panelsPerTask_ = std::max(1L, std::min(mostPanels, panels / wanted));

  if (patches) preparePatches(threads, scratch);

  const size_t floats = sizeof(float);
  packed_ = (keep ? *keep : scratch)
                .reserve(floats * static_cast<size_t>(panels * k_ * tileColumns_) *
                         usedTaps_.size());
  sumsPerThread_ = static_cast<size_t>(panelsPerTask_ * blockRows * tileColumns_) * floats;
  sums_ = scratch.reserve(sumsPerThread_ * static_cast<size_t>(threads));
  taps_ = scratch.reserve(sizeof(BrgemmTap) * static_cast<size_t>(maxTaps_ * threads));
  const size_t moment = moments ? floats * static_cast<size_t>(blocks * targetChannels_) : 0;
  blockMeans_ = scratch.reserve(moment);
  blockM2s_ = scratch.reserve(moment);
}

/** Gathers all patches before the product, unless each block's own task can: it has all panels. */
void ConvProduct::preparePatches(int threads, Scratch& scratch) {
  const long panels = static_cast<long>(panels_.size());
  const bool byBlock = k_ <= mostBlockPatch && panels <= mostPanels &&
                       static_cast<long>(blocks_.size()) >= 4L * threads;
  patches_ = byBlock ? Patches::gatheredByBlock : Patches::gatheredAtOnce;
  if (byBlock) panelsPerTask_ = panels;
  patchesPerThread_ = sizeof(float) * static_cast<size_t>(blockRows * k_);
  patchesPlace_ = scratch.reserve(byBlock ? patchesPerThread_ * static_cast<size_t>(threads)
                                          : sizeof(float) * static_cast<size_t>(shape_.n * k_));
}

void ConvProduct::gatherAll(const RunContext& context, const float* x) const {
  float* all = reinterpret_cast<float*>(context.scratch + patchesPlace_);
  parallelBlocks(context, shape_.n, std::max(1L, elementBlock / k_), [&](long begin, long end) {
    gatherPatches(patchesShape_, x, begin, end - begin, all + begin * k_);
  });
}

/** The first row of a block's patches. */
const float* ConvProduct::blockPatches(const RunContext& context, const float* x,
                                       const RowBlock& rows, int thread) const {
  float* patches = reinterpret_cast<float*>(context.scratch + patchesPlace_);
  if (patches_ == Patches::gatheredAtOnce) return patches + rows.begin * k_;
  patches += patchesPerThread_ / sizeof(float) * static_cast<size_t>(thread);
  gatherPatches(patchesShape_, x, rows.begin, rows.rows, patches);
  return patches;
}

float* ConvProduct::packed(const RunContext& context) const {
  return reinterpret_cast<float*>((keep_ ? context.kept : context.scratch) + packed_);
}

void ConvProduct::run(const RunContext& context, const ProductOperands& operands) const {
  if (!keep_ || packedVersion_ != operands.weightVersion) pack(context, operands.weight);
  packedVersion_ = operands.weightVersion;
  if (patches_ == Patches::gatheredAtOnce) gatherAll(context, operands.source);
  const long panels = static_cast<long>(panels_.size());
  const long parts = (panels + panelsPerTask_ - 1) / panelsPerTask_;
  const long blocks = static_cast<long>(blocks_.size());
  context.pool.parallelFor(blocks * parts, [&](long task, int thread) {
    const long begin = task % parts * panelsPerTask_;
    runBlock(context, operands, task / parts, begin, std::min(panels, begin + panelsPerTask_),
             thread);
  });
  if (moments_) mergeMoments(context, operands);
}

void ConvProduct::pack(const RunContext& context, const float* weight) const {
  const long slots = static_cast<long>(usedTaps_.size());
  const long panels = static_cast<long>(panels_.size());
  float* packed = this->packed(context);
  const auto packOne = [&](long task, int) {
    packTap(context.kernels, weight, panels_[static_cast<size_t>(task / slots)], task % slots,
            packed + task * k_ * tileColumns_);
  };
  if (panels * slots * k_ * tileColumns_ < elementBlock) {
    for (long task = 0; task < panels * slots; task++) packOne(task, 0);
  } else {
    context.pool.parallelFor(panels * slots, packOne);
  }
}

/** One panel of one tap: [k][tileColumns], block-diagonal where the bundle has several groups. */
void ConvProduct::packTap(const Kernels& kernels, const float* weight, const Panel& panel,
                          long slot, float* dst) const {
  const long cin = shape_.cinPerGroup(), cout = shape_.coutPerGroup(), ld = shape_.cout;
  const Bundle& bundle = bundles_[static_cast<size_t>(panel.bundle)];
  const bool forward = direction_ == Direction::forward;
  const float* tap = weight + usedTaps_[static_cast<size_t>(slot)] * cin * ld + bundle.group * cout;
  if (bundle.groups == 1) {
    if (forward) {
      kernels.packPanel(tap + panel.column, ld, bundle.k, panel.columns, dst);
    } else {
      kernels.packPanelTransposed(tap + panel.column * ld, ld, bundle.k, panel.columns, dst);
    }
    return;
  }
  std::fill(dst, dst + bundle.k * tileColumns_, 0.0f);
  for (long g = 0; g < bundle.groups; g++) {
    for (long i = 0; i < cin; i++) {
      for (long o = 0; o < cout; o++) {
        const long row = forward ? g * cin + i : g * cout + o;
        const long column = forward ? g * cout + o : g * cin + i;
        dst[row * tileColumns_ + column] = tap[i * ld + g * cout + o];
      }
    }
  }
}

void ConvProduct::runBlock(const RunContext& context, const ProductOperands& operands, long block,
                           long panelBegin, long panelEnd, int thread) const {
  const RowBlock& rows = blocks_[static_cast<size_t>(block)];
  const AxisRun& vertical = vertical_[static_cast<size_t>(rows.vertical)];
  const AxisRun& horizontal = horizontal_[static_cast<size_t>(rows.horizontal)];
  const float* packed = this->packed(context);
  float* sums = reinterpret_cast<float*>(context.scratch + sums_ +
                                         sumsPerThread_ * static_cast<size_t>(thread));
  BrgemmTap* taps = reinterpret_cast<BrgemmTap*>(context.scratch + taps_) + maxTaps_ * thread;
  const long panelStride = static_cast<long>(usedTaps_.size()) * k_ * tileColumns_;
  long tapCount = 0;
  if (patches_ != Patches::none) {
    taps[tapCount++] = {blockPatches(context, operands.source, rows, thread), packed};
  }
  for (const AxisTap& r : vertical.taps) {
    if (patches_ != Patches::none) break;
    for (const AxisTap& s : horizontal.taps) {
      const long pixel = r.source * sourceWidth_ + s.source;
      const long slot = slots_[static_cast<size_t>(r.tap * shape_.kw + s.tap)];
      taps[tapCount++] = {operands.source + pixel * shape_.n * sourceChannels_ +
                              rows.begin * rowStep_,
                          packed + slot * k_ * tileColumns_};
    }
  }

  const Split tapSplit(tapCount, std::max(1L, chunkDepth / k_));
  const Split depthSplit(k_, k_ > chunkDepth ? chunkDepth : k_);
  const Split tiles(rows.rows, tileRows_);
  BrgemmCall call{};
  call.ars = rowStep_;
  call.aks = 1;
  call.ldb = call.ldc = tileColumns_;
  // Where no tap reaches the target, one empty chunk still writes zeros.
  const long chunks = std::max(1L, tapSplit.pieces * depthSplit.pieces);
  for (long chunk = 0; chunk < chunks; chunk++) {
    const long tapPiece = chunk / depthSplit.pieces, depthPiece = chunk % depthSplit.pieces;
    const long depthBegin = depthSplit.begin(depthPiece);
    call.taps = taps + tapSplit.begin(tapPiece);
    call.tapCount = tapCount ? tapSplit.size(tapPiece) : 0;
    call.accumulate = chunk > 0;
    for (long p = panelBegin; p < panelEnd; p++) {
      const Bundle& bundle = bundles_[static_cast<size_t>(panels_[static_cast<size_t>(p)].bundle)];
      call.k = std::max(0L, std::min(depthSplit.size(depthPiece), bundle.k - depthBegin));
      call.bOffset = p * panelStride + depthBegin * tileColumns_;
      float* c = sums + (p - panelBegin) * blockRows * tileColumns_;
      for (long tile = 0; tile < tiles.pieces; tile++) {
        const long row = tiles.begin(tile);
        call.rows = static_cast<int>(tiles.size(tile));
        call.aOffset = row * rowStep_ + bundle.sourceChannel + depthBegin;
        call.c = c + row * tileColumns_;
        context.kernels.brgemm(&call);
      }
      if (chunk == chunks - 1) {
        const long pixel = vertical.target * targetWidth_ + horizontal.target;
        finishPanel(context, operands, block, panels_[static_cast<size_t>(p)], c,
                    pixel * shape_.n + rows.begin);
      }
    }
  }
}

void ConvProduct::finishPanel(const RunContext& context, const ProductOperands& operands,
                              long block, const Panel& panel, const float* c,
                              long targetRow) const {
  const long channel = bundles_[static_cast<size_t>(panel.bundle)].targetChannel + panel.column;
  const long place = targetRow * targetChannels_ + channel;
  EpilogueCall call{};
  call.c = c;
  call.ldc = tileColumns_;
  call.rows = blocks_[static_cast<size_t>(block)].rows;
  call.columns = panel.columns;
  call.y = operands.target + place;
  call.ldy = targetChannels_;
  call.scale = operands.scale ? operands.scale + channel : nullptr;
  call.bias = operands.bias ? operands.bias + channel : nullptr;
  call.residual = operands.residual ? operands.residual + place : nullptr;
  call.activation = operands.activation;
  call.slope = operands.slope;
  context.kernels.epilogue(&call);
  if (!moments_) return;
  float* means = reinterpret_cast<float*>(context.scratch + blockMeans_);
  float* m2s = reinterpret_cast<float*>(context.scratch + blockM2s_);
  context.kernels.columnMoments(call.y, call.ldy, call.rows, call.columns,
                                means + block * targetChannels_ + channel,
                                m2s + block * targetChannels_ + channel);
}

void ConvProduct::mergeMoments(const RunContext& context, const ProductOperands& operands) const {
  const float* means = reinterpret_cast<const float*>(context.scratch + blockMeans_);
  const float* m2s = reinterpret_cast<const float*>(context.scratch + blockM2s_);
  mergeBlockMoments(context, means, m2s, static_cast<long>(blocks_.size()), targetChannels_,
                    [&](long block) { return blocks_[static_cast<size_t>(block)].rows; },
                    operands.mean, operands.variance);
}

}  // namespace resnet
