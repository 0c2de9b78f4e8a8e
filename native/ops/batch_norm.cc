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

double readEps(const OpReader& op) {
  const double eps = op.number("eps");
  if (eps < 0) op.fail("the attribute eps must not be negative");
  return eps;
}

}  // namespace

Step makeBatchNormStatistics(OpReader& op) {
  const DType element = op.element("x");
  const Operand x = op.input("x", element);
  const Operand mean = op.optionalOutput("mean"), variance = op.optionalOutput("variance");
  op.requireAxes("x", x, 4);
  const RowCut cut(x.shape());
  op.requireShape("mean", mean, {cut.channels});
  op.requireShape("variance", variance, {cut.channels});
  const size_t place = reserveMoments(op.scratch, cut.blocks, cut.channels);
  const size_t spare = op.scratch.reserve(sizeof(float) * static_cast<size_t>(cut.channels));
  return byElement(element, [&](auto zero) -> Step {
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

Step makeBatchNorm2d(OpReader& op) {
  const DType element = op.element("x");
  const Operand x = op.input("x", element), y = op.output("y", element);
  const Operand residual = op.optionalInput("residual", element);
  const Operand mean = op.input("mean"), variance = op.input("variance");
  const Operand weight = op.input("weight"), bias = op.input("bias");
  op.requireAxes("x", x, 4);
  const RowCut cut(x.shape());
  const Shape perChannel = {cut.channels};
  op.requireShape("mean", mean, perChannel);
  op.requireShape("variance", variance, perChannel);
  op.requireShape("weight", weight, perChannel);
  op.requireShape("bias", bias, perChannel);
  op.requireShape("residual", residual, x.shape());
  op.requireShape("y", y, x.shape());
  const double eps = readEps(op);
  float slope;
  const Activation activation = op.activation(slope);
  const size_t factors = op.scratch.reserve(sizeof(float) * static_cast<size_t>(cut.channels));
  return byElement(element, [&](auto zero) -> Step {
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
      : element(op.element("x")), dy(op.input("dy", element)), x(op.input("x", element)),
        mean(op.input("mean")), variance(op.input("variance")),
        y(op.optionalInput("y", element)), eps(readEps(op)),
        activation(op.activation(slope)) {
    op.requireAxes("x", x, 4);
    const Shape perChannel = {x.shape()[3]};
    op.requireShape("dy", dy, x.shape());
    op.requireShape("y", y, x.shape());
    op.requireShape("mean", mean, perChannel);
    op.requireShape("variance", variance, perChannel);
    if (activation != Activation::none && !y) {
      op.fail("the input y is missing: the activation's derivative is told from it");
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

Step makeBatchNormParamGrad(OpReader& op) {
  const BackwardOperands in(op);
  const Operand dweight = op.optionalOutput("dweight"), dbias = op.optionalOutput("dbias");
  const Operand dz = op.optionalOutput("dz", in.element);
  const RowCut cut(in.x.shape());
  op.requireShape("dweight", dweight, {cut.channels});
  op.requireShape("dbias", dbias, {cut.channels});
  op.requireShape("dz", dz, in.x.shape());
  const long channels = cut.channels;
  const size_t partial =
      op.scratch.reserve(sizeof(float) * static_cast<size_t>(2 * cut.blocks * channels));
  return byElement(in.element, [&](auto zero) -> Step {
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

Step makeBatchNormInputGrad(OpReader& op) {
  const BackwardOperands in(op);
  const Operand weight = op.input("weight"), dx = op.output("dx", in.element);
  const Operand dweight = op.optionalInput("dweight"), dbias = op.optionalInput("dbias");
  const RowCut cut(in.x.shape());
  op.requireShape("weight", weight, {cut.channels});
  op.requireShape("dweight", dweight, {cut.channels});
  op.requireShape("dbias", dbias, {cut.channels});
  op.requireShape("dx", dx, in.x.shape());
  const long channels = cut.channels;
  const size_t perChannel = op.scratch.reserve(sizeof(float) * static_cast<size_t>(3 * channels));
  return byElement(in.element, [&](auto zero) -> Step {
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

Step makeBatchNormFold(OpReader& op) {
  const Operand mean = op.input("mean"), variance = op.input("variance");
  const Operand weight = op.input("weight"), bias = op.input("bias");
  const Operand convBias = op.optionalInput("convBias");
  const Operand scale = op.output("scale"), shift = op.output("shift");
  op.requireAxes("mean", mean, 1);
  for (const Operand& operand : {variance, weight, bias, scale, shift}) {
    op.requireShape("every operand", operand, mean.shape());
  }
  op.requireShape("convBias", convBias, mean.shape());
  const double eps = readEps(op);
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

Step makeRunningStatistics(OpReader& op) {
  const Operand runningMean = op.input("runningMean");
  const Operand runningVariance = op.input("runningVariance");
  const Operand mean = op.input("mean"), variance = op.input("variance");
  const Operand newMean = op.output("newMean"), newVariance = op.output("newVariance");
  op.requireAxes("mean", mean, 1);
  for (const Operand& operand : {runningMean, runningVariance, variance, newMean, newVariance}) {
    op.requireShape("every operand", operand, mean.shape());
  }
  const double momentum = op.number("momentum"), count = op.number("count");
  if (!(count >= 2)) op.fail("count must be 2 or more: one value has no unbiased variance");
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
