#include "depthwise.h"

#include <algorithm>

#include "../element.h"
#include "../ops/moments.h"

namespace resnet {
namespace {

constexpr long maxMomentBlocks = 256;

}  // namespace

template <class T>
DepthwiseProduct<T>::DepthwiseProduct(const ConvShape& shape, Direction direction, bool moments,
                                      int threads, Scratch& scratch)
    : shape_(shape), moments_(moments), rows_(depthwiseRows(shape)),
      sampleBlocks_((shape.n + rows_ - 1) / rows_) {
  const bool forward = direction == Direction::forward;
  const auto runs = forward ? outputRuns : inputRuns;
  vertical_ = runs(shape.oh, shape.h, shape.kh, shape.stride, shape.padding, false);
  horizontal_ = runs(shape.ow, shape.w, shape.kw, shape.stride, shape.padding, false);
  sourceWidth_ = forward ? shape.w : shape.ow;
  targetWidth_ = forward ? shape.ow : shape.w;
  const auto floats = [&](long count) {
    return scratch.reserve(sizeof(float) * static_cast<size_t>(count));
  };
  weight_ = floats(shape.kh * shape.kw * shape.cin);
  sums_ = floats(threads * rows_ * shape.cin);
  blockMoments_ = moments ? reserveMoments(scratch, maxMomentBlocks, shape.cin) : 0;
}

template <class T>
void DepthwiseProduct<T>::run(const RunContext& context, const ProductOperands<T>& operands) const {
  float* weight = reinterpret_cast<float*>(context.scratch + weight_);
  for (long i = 0; i < shape_.kh * shape_.kw * shape_.cin; i++) {
    weight[i] = toFloat(fromFloat<T>(operands.weight[i]));
  }
  const long pixels = static_cast<long>(vertical_.size() * horizontal_.size());
  const long together = std::max(1L, elementBlock / 4 / (rows_ * shape_.cin));
  const long tasks = pixels * sampleBlocks_, groups = (tasks + together - 1) / together;
  context.pool.parallelFor(groups, [&](long group, int thread) {
    for (long task = group * together; task < std::min(tasks, (group + 1) * together); task++) {
      runBlock(context, operands, task, thread);
    }
  });
  if (moments_) takeMoments(context, operands);
}

template <class T>
void DepthwiseProduct<T>::runBlock(const RunContext& context, const ProductOperands<T>& operands,
                                   long task, int thread) const {
  const long channels = shape_.cin;
  const long pixel = task / sampleBlocks_, sample = task % sampleBlocks_ * rows_;
  const AxisRun& vertical = vertical_[static_cast<size_t>(pixel) / horizontal_.size()];
  const AxisRun& horizontal = horizontal_[static_cast<size_t>(pixel) % horizontal_.size()];
  const long rows = std::min(rows_, shape_.n - sample);
  float* weight = reinterpret_cast<float*>(context.scratch + weight_);
  float* sums = reinterpret_cast<float*>(context.scratch + sums_) + thread * rows_ * channels;
  std::vector<DepthwiseTap<T>> taps;
  for (const AxisTap& r : vertical.taps) {
    for (const AxisTap& s : horizontal.taps) {
      const long source = (r.source * sourceWidth_ + s.source) * shape_.n + sample;
      taps.push_back({operands.source + source * channels,
                      weight + (r.tap * shape_.kw + s.tap) * channels});
    }
  }
  const DepthwiseCall<T> call{taps.data(), static_cast<long>(taps.size()), rows, channels, nullptr,
                              sums};
  context.kernels.of<T>().depthwise(&call);
  const long place =
      ((vertical.target * targetWidth_ + horizontal.target) * shape_.n + sample) * channels;
  const EpilogueCall<T> finish{sums,
                               channels,
                               rows,
                               channels,
                               operands.target + place,
                               channels,
                               operands.scale,
                               operands.bias,
                               operands.residual ? operands.residual + place : nullptr,
                               operands.activation,
                               operands.slope};
  context.kernels.of<T>().epilogue(&finish);
}

template <class T>
void DepthwiseProduct<T>::takeMoments(const RunContext& context,
                                      const ProductOperands<T>& operands) const {
  const long channels = shape_.cin, total = shape_.oh * shape_.ow * shape_.n;
  const Split split(total, (total + maxMomentBlocks - 1) / maxMomentBlocks);
  const Moments moments = momentsAt(context, blockMoments_, split.pieces, channels);
  context.pool.parallelFor(split.pieces, [&](long block, int) {
    const Moments own = moments.at(block * channels);
    context.kernels.of<T>().columnMoments(operands.target + split.begin(block) * channels, channels,
                                          split.size(block), channels, &own);
  });
  mergeBlockMoments(context, moments, split.pieces, channels,
                    [&](long block) { return split.size(block); }, operands.mean, operands.variance);
}

template <class T>
DepthwiseWeightGrad<T>::DepthwiseWeightGrad(const ConvShape& shape, int threads, Scratch& scratch)
    : shape_(shape),
      vertical_(outputRuns(shape.oh, shape.h, shape.kh, shape.stride, shape.padding, false)),
      horizontal_(outputRuns(shape.ow, shape.w, shape.kw, shape.stride, shape.padding, false)),
      rows_(depthwiseRows(shape)), parts_(std::min(shape.oh, 16L)) {
  const long taps = shape.kh * shape.kw;
  totals_ = scratch.reserve(sizeof(double) * static_cast<size_t>(parts_ * taps * shape.cin));
  sums_ = scratch.reserve(sizeof(float) * static_cast<size_t>(threads * taps * shape.cin));
}

template <class T>
void DepthwiseWeightGrad<T>::run(const RunContext& context, const T* x, const T* dy,
                                 float* dweight) const {
  const long channels = shape_.cin, n = shape_.n, taps = shape_.kh * shape_.kw;
  double* totals = reinterpret_cast<double*>(context.scratch + totals_);
  // A part has some rows of the output. Sums are in float along a row, and in double over rows.
  context.pool.parallelFor(parts_, [&](long part, int thread) {
    double* own = totals + part * taps * channels;
    std::fill(own, own + taps * channels, 0.0);
    float* sums =
        reinterpret_cast<float*>(context.scratch + sums_) + thread * taps * channels;
    std::vector<DepthwiseTap<T>> list;
    for (long row = shape_.oh * part / parts_; row < shape_.oh * (part + 1) / parts_; row++) {
      context.kernels.fill(0, sums, taps * channels);
      for (long column = 0; column < shape_.ow; column++) {
        for (long sample = 0; sample < n; sample += rows_) {
          list.clear();
          for (const AxisTap& r : vertical_[static_cast<size_t>(row)].taps) {
            for (const AxisTap& s : horizontal_[static_cast<size_t>(column)].taps) {
              list.push_back({x + ((r.source * shape_.w + s.source) * n + sample) * channels,
                              sums + (r.tap * shape_.kw + s.tap) * channels});
            }
          }
          const T* gradient = dy + ((row * shape_.ow + column) * n + sample) * channels;
          const DepthwiseCall<T> call{list.data(), static_cast<long>(list.size()),
                                      std::min(rows_, n - sample), channels, gradient, nullptr};
          context.kernels.of<T>().depthwiseGrad(&call);
        }
      }
      for (long i = 0; i < taps * channels; i++) own[i] += static_cast<double>(sums[i]);
    }
  });
  for (long i = 0; i < taps * channels; i++) {
    double sum = 0;
    for (long part = 0; part < parts_; part++) sum += totals[part * taps * channels + i];
    dweight[i] = static_cast<float>(sum);
  }
}

template class DepthwiseProduct<float>;
template class DepthwiseProduct<bf16>;
template class DepthwiseWeightGrad<float>;
template class DepthwiseWeightGrad<bf16>;

}  // namespace resnet
