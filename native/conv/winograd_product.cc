#include "winograd_product.h"

#include <algorithm>

#include "../ops/moments.h"
#include "products.h"

namespace resnet {
namespace {

constexpr long positions = 16;
constexpr long leastChannels = 32;  // of source and target, below which the transforms cost most
constexpr double leastGain = 1.3;   // products saved, below which they cost more than they save
constexpr long leastRows = 16, leastRowsAnew = 128;  // that a filter, kept or transformed anew, is worth
constexpr long blockBytes = 768L << 10;              // of a block's windows and sums
constexpr long fewestRows = 48, mostRows = 144;      // of blocks that are tasks, whatever their bytes
constexpr long largeBytes = 32L << 20;               // of all rows, above which blocks are preferred
constexpr long leastSamples = 16;                    // of which moments are worth a record of their own

long windows(long target) { return (target + 1) / 2; }

/** Floats from one position to the next: not a multiple of what lines of a cache conflict at. */
long positionStep(long rows, long channels) {
  constexpr long conflict = 1024, apart = 64;
  return (rows * channels + conflict - 1) / conflict * conflict + apart;
}

/** Products of one axis that meet the image. */
long usedTaps(long target, long source, long padding) {
  long used = 0;
  for (long i = 0; i < target; i++) {
    used += std::min(source, i - padding + 3) - std::max(0L, i - padding);
  }
  return used;
}

/** Of positions: first and last of each axis have changed places. */
long turned(long position) {
  const auto swap = [](long i) { return i == 0 || i == 3 ? 3 - i : i; };
  return swap(position / 4) * 4 + swap(position % 4);
}

}  // namespace

bool suitsWinograd(const ConvShape& shape, Direction direction, bool moments, bool constant) {
  if (shape.kh != 3 || shape.kw != 3 || shape.stride != 1 || shape.groups != 1) return false;
  if (moments && shape.n < leastSamples) return false;
  if (shape.padding > 2 || std::min(shape.cin, shape.cout) < leastChannels) return false;
  const bool forward = direction == Direction::forward;
  const long height = forward ? shape.oh : shape.h, width = forward ? shape.ow : shape.w;
  const long count = windows(height) * windows(width);
  const long used = usedTaps(shape.oh, shape.h, shape.padding) *
                    usedTaps(shape.ow, shape.w, shape.padding);
  return count * shape.n >= (constant ? leastRows : leastRowsAnew) &&
         static_cast<double>(used) >= leastGain * static_cast<double>(positions * count);
}

WinogradProduct::WinogradProduct(const ConvShape& shape, Direction direction, bool moments,
                                 const Kernels& kernels, int threads, Scratch& scratch,
                                 Scratch* keep)
    : weightShape_(shape), direction_(direction), moments_(moments),
      tile_(kernels.of<float>().tile), blocking_(tile_), n_(shape.n), keep_(keep) {
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
  const long rowBytes = positions * (sourceChannels_ + sumColumns_) * static_cast<long>(sizeof(float));
  const long taskRows =
      std::clamp(blockBytes / rowBytes, fewestRows, mostRows) / tile_.rows * tile_.rows;
  const bool large = rows * rowBytes > largeBytes;
  apart_ = rows >= (large ? 2L : 4L) * threads * taskRows;
  makeBlocks(rows, taskRows);
  long blockRows = 0;
  for (const Block& block : blocks_) blockRows = std::max(blockRows, block.rows);
  windowStep_ = positionStep(blockRows, sourceChannels_);
  sumsStep_ = positionStep(blockRows, sumColumns_);

  const auto floats = [&](Scratch& memory, long count) {
    return memory.reserve(sizeof(float) * static_cast<size_t>(count));
  };
  const long copies = apart_ ? threads : 1;
  packed_ = (keep ? *keep : scratch).reserve(weight_.bytes());
  filter_ = floats(scratch, positions * shape.cin * shape.cout);
  windows_ = floats(scratch, copies * positions * windowStep_);
  sums_ = floats(scratch, copies * positions * sumsStep_);
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
                       apart_ ? row - begin : row});
    }
    if (apart_) blocks_.push_back({first, runs_.size(), end - begin});
  }
  if (!apart_) blocks_.push_back({0, runs_.size(), rows});
}

WinogradProduct::Buffers WinogradProduct::buffers(const RunContext& context, int thread) const {
  return {reinterpret_cast<float*>(context.scratch + windows_) + thread * positions * windowStep_,
          reinterpret_cast<float*>(context.scratch + sums_) + thread * positions * sumsStep_};
}

float* WinogradProduct::packed(const RunContext& context) const {
  return reinterpret_cast<float*>((keep_ ? context.kept : context.scratch) + packed_);
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
  if (!keep_ || packedVersion_ != operands.weightVersion) packFilter(context, operands.weight);
  packedVersion_ = operands.weightVersion;
  const long panels = weight_.panelCount();
  if (apart_) {
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
  call.positionStep = windowStep_;
  context.kernels.winogradInput(&call);
}

/** Some panels of the products at one position. */
void WinogradProduct::multiply(const RunContext& context, const Block& block, long position,
                               long panelBegin, long panelEnd, const Buffers& buffers) const {
  const bool forward = direction_ == Direction::forward;
  const float* windows = buffers.windows + position * windowStep_;
  float* sums = buffers.sums + position * sumsStep_;
  BrgemmTap<float> tap{windows, packed(context) +
                                    weight_.tapOffset(forward ? position : turned(position))};
  BrgemmCall<float> call{};
  call.taps = &tap;
  call.tapCount = 1;
  call.ars = sourceChannels_;
  call.ldc = sumColumns_;
  const Split parts(block.rows, mostRows), depth(sourceChannels_, blocking_.depth);
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
  call.positionStep = sumsStep_;
  call.rowStep = sumColumns_;
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
