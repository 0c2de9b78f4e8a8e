#include "winograd_product.h"

#include <algorithm>

#include "../ops/moments.h"
#include "products.h"

namespace resnet {
namespace {

constexpr long positions = 16;

/** Windows along an axis of the target. */
long windows(long target) { return (target + 1) / 2; }

/** The position whose transformed filter is that of the turned filter: first and last of each axis change places. */
long turned(long position) {
  const auto swap = [](long i) { return i == 0 || i == 3 ? 3 - i : i; };
  return swap(position / 4) * 4 + swap(position % 4);
}

}  // namespace

WinogradProduct::WinogradProduct(const ConvShape& shape, Direction direction, bool moments,
                                 const Kernels& kernels, int threads, Scratch& scratch,
                                 Scratch* persistent)
    : weightShape_(shape), direction_(direction), moments_(moments),
      tile_(kernels.of<float>().tile), blocking_(tile_), n_(shape.n), keepsWeight_(persistent) {
  const bool forward = direction == Direction::forward;
  padding_ = forward ? shape.padding : 2 - shape.padding;
  sourceHeight_ = forward ? shape.h : shape.oh;
  sourceWidth_ = forward ? shape.w : shape.ow;
  sourceChannels_ = forward ? shape.cin : shape.cout;
  targetHeight_ = forward ? shape.oh : shape.h;
  targetWidth_ = forward ? shape.ow : shape.w;
  targetChannels_ = forward ? shape.cout : shape.cin;
  windowColumns_ = windows(targetWidth_);
  weightShape_.kh = weightShape_.kw = 4;
  weight_ = PackedWeight<float>(weightShape_, direction, std::vector<bool>(positions, true), tile_);
  sumColumns_ = weight_.panelCount() * tile_.columns;

  const long rows = windows(targetHeight_) * windowColumns_ * n_;
  const WinogradBlocking cut =
      chooseWinogradBlocking(rows, sourceChannels_, sumColumns_, tile_, threads);
  blocksAreTasks_ = cut.blocksAreTasks;
  makeBlocks(rows, cut.rows);
  long blockRows = 0;
  for (const Block& block : blocks_) blockRows = std::max(blockRows, block.rows);
  windowStride_ = winogradPositionStride(blockRows, sourceChannels_);
  sumsStride_ = winogradPositionStride(blockRows, sumColumns_);

  const auto floats = [&](Scratch& memory, long count) {
    return memory.reserve(sizeof(float) * static_cast<size_t>(count));
  };
  const long copies = blocksAreTasks_ ? threads : 1;
  packed_ = (persistent ? *persistent : scratch).reserve(weight_.bytes());
  filter_ = floats(scratch, positions * shape.cin * shape.cout);
  windows_ = floats(scratch, copies * positions * windowStride_);
  sums_ = floats(scratch, copies * positions * sumsStride_);
  if (!moments) return;
  momentsPlace_ = reserveMoments(scratch, pixels(), targetChannels_);
}

/**
 * Cuts all rows, window after window and in each sample after sample, into blocks. Runs, and with them
 * the moments, are the same for any number of threads: also where all rows are one block.
 */
void WinogradProduct::makeBlocks(long rows, long most) {
  const Split split(rows, most, tile_.rows);
  for (long b = 0; b < split.pieces; b++) {
    const size_t first = runs_.size();
    const long begin = split.begin(b), end = begin + split.size(b);
    for (long row = begin, samples; row < end; row += samples) {
      const long window = row / n_, sample = row % n_;
      samples = std::min(n_ - sample, end - row);
      runs_.push_back({window / windowColumns_, window % windowColumns_, sample, samples,
                       blocksAreTasks_ ? row - begin : row});
    }
    if (blocksAreTasks_) blocks_.push_back({first, runs_.size(), end - begin});
  }
  if (!blocksAreTasks_) blocks_.push_back({0, runs_.size(), rows});
}

WinogradProduct::Buffers WinogradProduct::buffers(const RunContext& context, int thread) const {
  return {reinterpret_cast<float*>(context.scratch + windows_) + thread * positions * windowStride_,
          reinterpret_cast<float*>(context.scratch + sums_) + thread * positions * sumsStride_};
}

float* WinogradProduct::packed(const RunContext& context) const {
  return reinterpret_cast<float*>((keepsWeight_ ? context.persistent : context.scratch) + packed_);
}

void WinogradProduct::packFilter(const RunContext& context, const float* weight) const {
  float* filter = reinterpret_cast<float*>(context.scratch + filter_);
  const long count = weightShape_.cin * weightShape_.cout;
  parallelBlocks(context, count, elementBlock / positions, [&](long begin, long end) {
    context.kernels.winogradFilter(weight + begin, count, end - begin, filter + begin);
  });
  weight_.pack(context, filter, packed(context));
}

void WinogradProduct::run(const RunContext& context, const ProductOperands<float>& operands) const {
  if (!keepsWeight_ || packedVersion_ != operands.weightVersion) packFilter(context, operands.weight);
  packedVersion_ = operands.weightVersion;
  const long panels = weight_.panelCount();
  if (blocksAreTasks_) {
    context.pool.parallelFor(static_cast<long>(blocks_.size()), [&](long task, int thread) {
      const Block& block = blocks_[static_cast<size_t>(task)];
      const Buffers own = buffers(context, thread);
      for (size_t run = block.runBegin; run < block.runEnd; run++) {
        transformInput(context, operands.source, run, own);
      }
      for (long p = 0; p < positions; p++) multiply(context, block, p, 0, panels, own);
      for (size_t run = block.runBegin; run < block.runEnd; run++) {
        transformOutput(context, operands, run, own);
      }
    });
  } else {
    const Block& block = blocks_.front();
    const Buffers shared = buffers(context, 0);
    const long runs = static_cast<long>(block.runEnd);
    const auto together = [&](long channels) {
      return std::max(1L, elementBlock / (positions * channels * n_));
    };
    parallelBlocks(context, runs, together(sourceChannels_), [&](long begin, long end) {
      for (long run = begin; run < end; run++) {
        transformInput(context, operands.source, static_cast<size_t>(run), shared);
      }
    });
    context.pool.parallelFor(positions * panels, [&](long task, int) {
      const long panel = task / positions;  // whose positions follow each other in memory
      multiply(context, block, task % positions, panel, panel + 1, shared);
    });
    parallelBlocks(context, runs, together(targetChannels_), [&](long begin, long end) {
      for (long run = begin; run < end; run++) {
        transformOutput(context, operands, static_cast<size_t>(run), shared);
      }
    });
  }
  if (moments_) mergeMoments(context, operands);
}

void WinogradProduct::transformInput(const RunContext& context, const float* source, size_t run,
                                     const Buffers& buffers) const {
  const Run& rows = runs_[run];
  WinogradInputCall call{};
  for (long i = 0; i < positions; i++) {
    const long y = 2 * rows.windowRow - padding_ + i / 4, x = 2 * rows.windowColumn - padding_ + i % 4;
    const bool off = y < 0 || y >= sourceHeight_ || x < 0 || x >= sourceWidth_;
    if (off) continue;
    call.x[i] = source + ((y * sourceWidth_ + x) * n_ + rows.sample) * sourceChannels_;
  }
  call.count = rows.samples * sourceChannels_;
  call.v = buffers.windows + rows.row * sourceChannels_;
  call.positionStride = windowStride_;
  context.kernels.winogradInput(&call);
}

/** Some panels of the products at one position. */
void WinogradProduct::multiply(const RunContext& context, const Block& block, long position,
                               long panelBegin, long panelEnd, const Buffers& buffers) const {
  const bool forward = direction_ == Direction::forward;
  const float* windows = buffers.windows + position * windowStride_;
  float* sums = buffers.sums + position * sumsStride_;
  BrgemmTap<float> tap{windows, packed(context) +
                                    weight_.tapOffset(forward ? position : turned(position))};
  BrgemmCall<float> call{};
  call.taps = &tap;
  call.tapCount = 1;
  call.lda = sourceChannels_;
  call.ldc = sumColumns_;
  const Split parts(block.rows, winogradProductRows()), depth(sourceChannels_, blocking_.depth);
  const Products products(context.kernels);
  for (long part = 0; part < parts.pieces; part++) {
    const Split rows(parts.size(part), tile_.rows, tile_.rowUnit);
    for (long panel = panelBegin; panel < panelEnd; panel++) {
      call.columns = static_cast<int>(weight_.panel(panel).columns);
      for (long d = 0; d < depth.pieces; d++) {
        call.k = depth.size(d);
        call.bOffset = panel * weight_.panelStride() + depth.begin(d) * tile_.columns;
        call.accumulate = d > 0;
        for (long i = 0; i < rows.pieces; i++) {
          const long row = parts.begin(part) + rows.begin(i);
          call.rows = static_cast<int>(rows.size(i));
          call.aOffset = row * sourceChannels_ + depth.begin(d);
          call.c = sums + row * sumColumns_ + panel * tile_.columns;
          context.kernels.of<float>().brgemm(&call);
        }
      }
    }
  }
}

void WinogradProduct::transformOutput(const RunContext& context,
                                      const ProductOperands<float>& operands, size_t run,
                                      const Buffers& buffers) const {
  const Run& rows = runs_[run];
  WinogradOutputCall call{};
  call.m = buffers.sums + rows.row * sumColumns_;
  call.positionStride = sumsStride_;
  call.rowStride = sumColumns_;
  call.rows = rows.samples;
  call.channels = targetChannels_;
  for (long i = 0; i < 4; i++) {
    const long y = 2 * rows.windowRow + i / 2, x = 2 * rows.windowColumn + i % 2;
    if (y >= targetHeight_ || x >= targetWidth_) continue;
    const long place = ((y * targetWidth_ + x) * n_ + rows.sample) * targetChannels_;
    call.y[i] = operands.target + place;
    call.residual[i] = operands.residual ? operands.residual + place : nullptr;
  }
  call.scale = operands.scale;
  call.bias = operands.bias;
  call.activation = operands.activation;
  call.slope = operands.slope;
  context.kernels.winogradOutput(&call);
  for (long i = 0; moments_ && i < 4; i++) {
    const long at = (4 * static_cast<long>(run) + i) * targetChannels_;
    const Moments moments = momentsAt(context, momentsPlace_, pixels(), targetChannels_).at(at);
    if (call.y[i]) {
      context.kernels.of<float>().columnMoments(call.y[i], targetChannels_, rows.samples,
                                                targetChannels_, &moments);
    } else {
      for (float* each : {moments.mean, moments.rest, moments.m2}) {
        std::fill_n(each, targetChannels_, 0.0f);
      }
    }
  }
}

/** The moments of all pixels' samples, those off the image of no rows. */
void WinogradProduct::mergeMoments(const RunContext& context,
                                   const ProductOperands<float>& operands) const {
  const auto rowsOf = [&](long pixel) {
    const Run& run = runs_[static_cast<size_t>(pixel / 4)];
    const bool off = 2 * run.windowRow + pixel % 4 / 2 >= targetHeight_ ||
                     2 * run.windowColumn + pixel % 2 >= targetWidth_;
    return off ? 0 : run.samples;
  };
  mergeBlockMoments(context, momentsAt(context, momentsPlace_, pixels(), targetChannels_),
                    pixels(), targetChannels_, rowsOf, operands.mean, operands.variance);
}

}  // namespace resnet
