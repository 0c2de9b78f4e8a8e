// batch_norm.cc: batch norm, its gradients and its statistics.
//
// Images are cut into blocks of rows by their shape alone; per-block sums are merged in order.

#include <cmath>

#include "moments.h"

namespace resnet {
namespace {

/** Blocks of rows of an image, each about `elementBlock` elements. */
struct RowCut {
  long rows, channels, blockRows, blocks;

  explicit RowCut(const Shape& shape)
      : rows(1), channels(shape.back()) {
    for (size_t axis = 0; axis + 1 < shape.size(); axis++) rows *= shape[axis];
    blockRows = std::max(1L, elementBlock / channels);
    blocks = (rows + blockRows - 1) / blockRows;
  }
  long begin(long block) const { return block * blockRows; }
  long size(long block) const { return std::min(blockRows, rows - begin(block)); }
};

/** The part of an image's memory that a block of rows is, or null. */
template <class T>
T* rowsAt(T* image, const RowCut& cut, long block) {
  return image ? image + cut.begin(block) * cut.channels : nullptr;
}

/** weight/√(variance + eps), or 1/√(variance + eps) where weight is null. */
void invertDeviation(const float* weight, const float* variance, double eps, long channels,
                     float* factor) {
  for (long c = 0; c < channels; c++) {
    factor[c] = static_cast<float>((weight ? weight[c] : 1.0) / std::sqrt(variance[c] + eps));
  }
}

}  // namespace

KernelCall makeBatchNormStatistics(OpReader& op) {
  const Operand x = op.input("x");
  const Operand mean = op.output("mean"), variance = op.output("variance");
  const RowCut cut(x.shape());
  const size_t place = reserveMoments(op.scratch, cut.blocks, cut.channels);
  const size_t spare = op.scratch.reserve(sizeof(float) * static_cast<size_t>(cut.channels));
  return byElement(op.element, [&](auto zero) -> KernelCall {
    using T = decltype(zero);
    return [=](const RunContext& context) {
      const Moments all = momentsAt(context, place, cut.blocks, cut.channels);
      float* unread = reinterpret_cast<float*>(context.scratch + spare);
      context.pool.parallelFor(cut.blocks, [&](long b, int) {
        const Moments moments = all.at(b * cut.channels);
        context.kernels.of<T>().columnMoments(rowsAt(x.in<T>(context), cut, b), cut.channels,
                                              cut.size(b), cut.channels, &moments);
      });
      mergeBlockMoments(context, all, cut.blocks, cut.channels,
                        [&](long block) { return cut.size(block); },
                        mean ? mean.in<float>(context) : unread,
                        variance ? variance.in<float>(context) : unread);
    };
  });
}

KernelCall makeBatchNorm2d(OpReader& op) {
  const Operand x = op.input("x"), y = op.output("y");
  const Operand residual = op.input("residual");
  const Operand mean = op.input("mean"), variance = op.input("variance");
  const Operand weight = op.input("weight"), bias = op.input("bias");
  const RowCut cut(x.shape());
  const double eps = op.number("eps");
  float slope;
  const Activation activation = op.activation(slope);
  const size_t factors = op.scratch.reserve(sizeof(float) * static_cast<size_t>(cut.channels));
  return byElement(op.element, [&](auto zero) -> KernelCall {
    using T = decltype(zero);
    return [=](const RunContext& context) {
      float* factor = reinterpret_cast<float*>(context.scratch + factors);
      invertDeviation(weight.in<float>(context), variance.in<float>(context), eps, cut.channels,
                      factor);
      context.pool.parallelFor(cut.blocks, [&](long b, int) {
        BatchNormCall<T> call{};
        call.x = rowsAt(x.in<T>(context), cut, b);
        call.residual = rowsAt(residual.in<T>(context), cut, b);
        call.out = rowsAt(y.in<T>(context), cut, b);
        call.mean = mean.in<float>(context);
        call.factor = factor;
        call.bias = bias.in<float>(context);
        call.rows = cut.size(b);
        call.channels = cut.channels;
        call.activation = activation;
        call.slope = slope;
        context.kernels.of<T>().batchNorm(&call);
      });
    };
  });
}

namespace {

/** Operands that both gradients of batch norm read, and how to pass them on. */
struct BackwardOperands {
  DType element;
  Operand dy, x, mean, variance, y;
  double eps;
  Activation activation;
  float slope;

  explicit BackwardOperands(OpReader& op)
      : element(op.element), dy(op.input("dy")), x(op.input("x")),
        mean(op.input("mean")), variance(op.input("variance")),
        y(op.input("y")), eps(op.number("eps")),
        activation(op.activation(slope)) {
    if (activation != Activation::none && !y) {
      op.fail("the input y is missing: the derivative of the activation needs it");
    }
  }

  template <class T>
  BatchNormCall<T> call(const RunContext& context, const RowCut& cut, long block) const {
    BatchNormCall<T> call{};
    call.x = rowsAt(x.in<T>(context), cut, block);
    call.y = rowsAt(y.in<T>(context), cut, block);
    call.dy = rowsAt(dy.in<T>(context), cut, block);
    call.mean = mean.in<float>(context);
    call.rows = cut.size(block);
    call.channels = cut.channels;
    call.activation = activation;
    call.slope = slope;
    return call;
  }
};

}  // namespace

KernelCall makeBatchNormParamGrad(OpReader& op) {
  const BackwardOperands in(op);
  const Operand dweight = op.output("dweight"), dbias = op.output("dbias");
  const Operand dz = op.output("dz");
  const RowCut cut(in.x.shape());
  const long channels = cut.channels;
  const size_t partial =
      op.scratch.reserve(sizeof(float) * static_cast<size_t>(2 * cut.blocks * channels));
  return byElement(in.element, [&](auto zero) -> KernelCall {
    using T = decltype(zero);
    return [=](const RunContext& context) {
      float* sums = reinterpret_cast<float*>(context.scratch + partial);
      context.pool.parallelFor(cut.blocks, [&](long b, int) {
        BatchNormCall<T> call = in.call<T>(context, cut, b);
        call.out = rowsAt(dz.in<T>(context), cut, b);
        call.sums = sums + 2 * b * channels;
        context.kernels.of<T>().batchNormSums(&call);
      });
      const float* variance = in.variance.in<float>(context);
      parallelBlocks(context, channels, std::max(16L, elementBlock / cut.blocks),
                     [&](long begin, long end) {
        for (long c = begin; c < end; c++) {
          double sum = 0, product = 0;
          for (long b = 0; b < cut.blocks; b++) {
            sum += sums[2 * b * channels + c];
            product += sums[(2 * b + 1) * channels + c];
          }
          if (dbias) dbias.in<float>(context)[c] = static_cast<float>(sum);
          if (!dweight) continue;
          dweight.in<float>(context)[c] =
              static_cast<float>(product / std::sqrt(variance[c] + in.eps));
        }
      });
    };
  });
}

KernelCall makeBatchNormInputGrad(OpReader& op) {
  const BackwardOperands in(op);
  const Operand weight = op.input("weight"), dx = op.output("dx");
  const Operand dweight = op.input("dweight"), dbias = op.input("dbias");
  const RowCut cut(in.x.shape());
  const long channels = cut.channels;
  const size_t perChannel = op.scratch.reserve(sizeof(float) * static_cast<size_t>(3 * channels));
  return byElement(in.element, [&](auto zero) -> KernelCall {
    using T = decltype(zero);
    return [=](const RunContext& context) {
      float* factor = reinterpret_cast<float*>(context.scratch + perChannel);
      float *meanGrad = factor + channels, *xhatGrad = factor + 2 * channels;
      const float* variance = in.variance.in<float>(context);
      invertDeviation(weight.in<float>(context), variance, in.eps, channels, factor);
      for (long c = 0; c < channels; c++) {
        const double m = static_cast<double>(cut.rows);
        meanGrad[c] = dbias ? static_cast<float>(dbias.in<float>(context)[c] / m) : 0;
        xhatGrad[c] = dweight ? static_cast<float>(dweight.in<float>(context)[c] / m /
                                                   std::sqrt(variance[c] + in.eps))
                              : 0;
      }
      context.pool.parallelFor(cut.blocks, [&](long b, int) {
        BatchNormCall<T> call = in.call<T>(context, cut, b);
        call.out = rowsAt(dx.in<T>(context), cut, b);
        call.factor = factor;
        call.meanGrad = dweight || dbias ? meanGrad : nullptr;  // without, x has no part in dx
        call.xhatGrad = xhatGrad;
        context.kernels.of<T>().batchNormInputGrad(&call);
      });
    };
  });
}

KernelCall makeBatchNormFold(OpReader& op) {
  const Operand mean = op.input("mean"), variance = op.input("variance");
  const Operand weight = op.input("weight"), bias = op.input("bias");
  const Operand convBias = op.input("convBias");
  const Operand scale = op.output("scale"), shift = op.output("shift");
  const double eps = op.number("eps");
  return [=](const RunContext& context) {
    const float *m = mean.in<float>(context), *v = variance.in<float>(context);
    const float *w = weight.in<float>(context), *b = bias.in<float>(context);
    const float* offset = convBias.in<float>(context);
    for (long c = 0; c < mean.elements(); c++) {
      const double factor = w[c] / std::sqrt(v[c] + eps);
      scale.in<float>(context)[c] = static_cast<float>(factor);
      const double center = m[c] - (offset ? offset[c] : 0.0);
      shift.in<float>(context)[c] = static_cast<float>(b[c] - center * factor);
    }
  };
}

KernelCall makeRunningStatistics(OpReader& op) {
  const Operand runningMean = op.input("runningMean");
  const Operand runningVariance = op.input("runningVariance");
  const Operand mean = op.input("mean"), variance = op.input("variance");
  const Operand newMean = op.output("newMean"), newVariance = op.output("newVariance");
  const double momentum = op.number("momentum"), count = op.number("count");
  const double unbiased = count / (count - 1);
  return [=](const RunContext& context) {
    const auto update = [&](const Operand& old, const Operand& batch, double factor,
                            const Operand& result) {
      for (long c = 0; c < mean.elements(); c++) {
        const double before = old.in<float>(context)[c];
        const double now = batch.in<float>(context)[c] * factor;
        result.in<float>(context)[c] = static_cast<float>(before + momentum * (now - before));
      }
    };
    update(runningMean, mean, 1, newMean);
    update(runningVariance, variance, unbiased, newVariance);
  };
}

}  // namespace resnet
