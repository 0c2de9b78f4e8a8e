// matmul.cc: products of matrices, one for each batch, by the product that linear is (conv_product.h).

#include <memory>

#include "../conv/conv_product.h"
#include "../conv/conv_weight_grad.h"
#include "../element.h"
#include "strided_loop.h"

namespace resnet {
namespace {

/** Which matrices of a and b each batch of y multiplies. */
struct Batches {
  std::vector<std::pair<long, long>> pairs;

  Batches(const Shape& shape, const Shape& a, const Shape& b) {
    const Strides strideA = broadcastStrides(a, shape), strideB = broadcastStrides(b, shape);
    long count = 1;
    for (long size : shape) count *= size;
    for (long i = 0; i < count; i++) {
      long rest = i, placeA = 0, placeB = 0;
      for (size_t axis = shape.size(); axis-- > 0;) {
        placeA += rest % shape[axis] * strideA[axis];
        placeB += rest % shape[axis] * strideB[axis];
        rest /= shape[axis];
      }
      pairs.emplace_back(placeA, placeB);
    }
  }
};

template <class T>
void widen(const RunContext& context, const T* from, float* to, long n) {
  parallelBlocks(context, n, elementBlock, [&](long begin, long end) {
    for (long i = begin; i < end; i++) to[i] = toFloat(from[i]);
  });
}

template <class T>
void narrow(const RunContext& context, const float* from, T* to, long n) {
  parallelBlocks(context, n, elementBlock, [&](long begin, long end) {
    for (long i = begin; i < end; i++) to[i] = fromFloat<T>(from[i]);
  });
}

}  // namespace

KernelCall makeMatmul(OpReader& op) {
  const Operand a = op.input("a"), b = op.input("b"), y = op.output("y");
  const Shape &shapeA = a.shape(), &shapeB = b.shape();
  const std::string& transposed = op.word("transposed");
  if (shapeA.size() < 2 || shapeB.size() < 2) op.fail("a and b need two axes or more");
  long m = shapeA.end()[-2], k = shapeA.end()[-1];
  long depth = shapeB.end()[-2], n = shapeB.end()[-1];
  if (transposed == "a") std::swap(m, k);
  if (transposed == "b") std::swap(depth, n);
  if (k != depth) {
    op.fail("the matrices of a have " + std::to_string(k) + " columns, but those of b " +
            std::to_string(depth) + " rows");
  }
  const Shape batchA(shapeA.begin(), shapeA.end() - 2), batchB(shapeB.begin(), shapeB.end() - 2);
  Shape batch = y.shape();
  if (batch.size() < 2 || batch.end()[-2] != m || batch.end()[-1] != n) {
    op.fail("y of shape " + formatShape(y.shape()) + " must have matrices of " +
            formatShape({m, n}));
  }
  batch.resize(batch.size() - 2);
  const size_t rank = std::max(batchA.size(), batchB.size());
  for (size_t i = 0; i < batch.size(); i++) {
    const auto sizeIn = [&](const Shape& shape) {
      const size_t missing = batch.size() - std::min(batch.size(), shape.size());
      return i < missing ? 1 : shape[i - missing];
    };
    if (batch.size() != rank || batch[i] != std::max(sizeIn(batchA), sizeIn(batchB))) {
      op.fail("y has the batches " + formatShape(batch) + ", not those of a and b");
    }
  }
  if (batch.size() != rank || !broadcastsTo(batchA, batch) || !broadcastsTo(batchB, batch)) {
    op.fail("the batches of a and b do not broadcast to " + formatShape(batch));
  }
  const Batches batches(batch, batchA, batchB);
  return byElement(op.element, [&](auto zero) -> KernelCall {
    using T = decltype(zero);
    constexpr bool isFloat = sizeof(T) == sizeof(float);
    if (transposed == "a") {
      // y [M, N] = a [K, M]ᵀ · b [K, N]: the gradient of a weight [M, N] over K rows.
      const ConvShape shape{1, 1, k, m, 1, 1, n, 1, 1, 1, 0, 1};
      const auto product =
          std::make_shared<ConvWeightGrad<T>>(shape, op.kernels, op.threads, op.scratch);
      const size_t sums = op.scratch.reserve(isFloat ? 0 : sizeof(float) * static_cast<size_t>(m * n));
      return [=](const RunContext& context) {
        for (size_t i = 0; i < batches.pairs.size(); i++) {
          const auto [placeA, placeB] = batches.pairs[i];
          T* result = y.in<T>(context) + static_cast<long>(i) * m * n;
          float* target = reinterpret_cast<float*>(context.scratch + sums);
          if constexpr (isFloat) target = result;
          product->run(context, a.in<T>(context) + placeA * m * k, b.in<T>(context) + placeB * k * n,
                       target);
          if constexpr (!isFloat) narrow(context, target, result, m * n);
        }
      };
    }
    // y [M, N] = a [M, K] · b: a linear layer with the weight b [K, N], or the gradient of one with the weight b [N, K].
    const bool forward = transposed == "none";
    const ConvShape shape = forward ? ConvShape{1, 1, m, k, 1, 1, n, 1, 1, 1, 0, 1}
                                    : ConvShape{1, 1, m, n, 1, 1, k, 1, 1, 1, 0, 1};
    const Direction direction = forward ? Direction::forward : Direction::inputGrad;
    const Method method = chooseMethod({shape, direction, false, false,
                                        static_cast<long>(sizeof(T)), op.kernels.of<T>().tile,
                                        op.threads});
    const auto product = std::make_shared<ConvProduct<T>>(
        shape, direction, method, false, op.kernels, op.threads, op.scratch, nullptr);
    const size_t widened = op.scratch.reserve(isFloat ? 0 : sizeof(float) * static_cast<size_t>(k * n));
    return [=](const RunContext& context) {
      for (size_t i = 0; i < batches.pairs.size(); i++) {
        const auto [placeA, placeB] = batches.pairs[i];
        const T* right = b.in<T>(context) + placeB * k * n;
        const float* weight;
        if constexpr (isFloat) {
          weight = right;
        } else {
          float* copy = reinterpret_cast<float*>(context.scratch + widened);
          widen(context, right, copy, k * n);
          weight = copy;
        }
        product->run(context, {a.in<T>(context) + placeA * m * k, weight,
                               y.in<T>(context) + static_cast<long>(i) * m * n});
      }
    };
  });
}

}  // namespace resnet
