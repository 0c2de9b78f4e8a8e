// softmax_cross_entropy.cc: the loss, the number of correct answers, and the loss's gradient.
//
// A sample's target is 1 − ε at its label plus ε / K everywhere, each class's times its weight w. The loss
// is Σ target · −log softmax over the sum of the labels' weights: PyTorch's cross_entropy(weight=w).
//
// Rounding   each sample's sums are in double; samples are added in their order.

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "../error.h"
#include "op.h"

namespace resnet {
namespace {

struct LossOperands {
  Operand logits, labels;
  long samples, classes;
  double smoothing;
  std::vector<double> weights;  // of the classes; empty where each counts 1
  double weightSum;
  std::string label;

  explicit LossOperands(OpReader& op)
      : logits(op.input("logits")), labels(op.input("labels")),
        smoothing(op.number("smoothing")), label(op.label()) {
    samples = logits.shape()[0];
    classes = logits.shape()[1];
    if (op.has("classWeights")) weights = op.numbers("classWeights");
    weightSum = weights.empty() ? static_cast<double>(classes)
                                : std::accumulate(weights.begin(), weights.end(), 0.0);
  }

  double weightOf(long k) const { return weights.empty() ? 1 : weights[static_cast<size_t>(k)]; }

  /** The sum of the targets of a sample's classes. */
  double targetSum(int32_t label) const {
    return (1 - smoothing) * weightOf(label) + smoothing * weightSum / static_cast<double>(classes);
  }

  /** What the samples of the batch count together; NaN if all count 0: they have no mean. */
  double totalWeight(const RunContext& context) const {
    if (weights.empty()) return static_cast<double>(samples);
    const int32_t* values = labels.in<int32_t>(context);
    double total = 0;
    for (long n = 0; n < samples; n++) total += weightOf(values[n]);
    return total == 0 ? std::nan("") : total;
  }

  void checkLabels(const RunContext& context) const {
    const int32_t* values = labels.in<int32_t>(context);
    for (long n = 0; n < samples; n++) {
      if (values[n] >= 0 && values[n] < classes) continue;
      throw EngineError("ERR_INDEX", label + ": the label of sample " + std::to_string(n) + " is " +
                                         std::to_string(values[n]) + " but classes run from 0 to " +
                                         std::to_string(classes - 1));
    }
  }

  long samplesPerBlock() const { return std::max(1L, elementBlock / 16 / classes); }
};

/** The first largest logit, or the first NaN. */
long prediction(const float* logits, long classes) {
  long best = 0;
  for (long k = 1; k < classes && logits[best] == logits[best]; k++) {
    if (!(logits[k] <= logits[best])) best = k;
  }
  return best;
}

/** The largest logit and ln Σ exp(logit − largest). */
struct LogSum {
  float largest;
  double logSum;

  LogSum(const float* logits, long classes) : largest(logits[0]), logSum(0) {
    for (long k = 1; k < classes; k++) largest = std::max(largest, logits[k]);
    for (long k = 0; k < classes; k++) logSum += std::exp(logits[k] - largest);
    logSum = std::log(logSum);
  }
};

}  // namespace

KernelCall makeSoftmaxCrossEntropy(OpReader& op) {
  const LossOperands in(op);
  const Operand loss = op.output("loss"), correct = op.output("correct");
  const size_t perSample =
      op.scratch.reserve(sizeof(double) * static_cast<size_t>(2 * in.samples));
  return [=](const RunContext& context) {
    in.checkLabels(context);
    double* losses = reinterpret_cast<double*>(context.scratch + perSample);
    double* hits = losses + in.samples;
    const int32_t* labels = in.labels.in<int32_t>(context);
    parallelBlocks(context, in.samples, in.samplesPerBlock(), [&](long begin, long end) {
      for (long n = begin; n < end; n++) {
        const float* row = in.logits.in<float>(context) + n * in.classes;
        const LogSum sum(row, in.classes);
        // −log softmax. The difference comes first: next to a huge logit, ln Σ would be lost.
        const auto cost = [&](long k) {
          return static_cast<double>(sum.largest) - row[k] + sum.logSum;
        };
        double mean = 0;
        for (long k = 0; k < in.classes; k++) mean += in.weightOf(k) * cost(k);
        mean /= static_cast<double>(in.classes);
        losses[n] = (1 - in.smoothing) * in.weightOf(labels[n]) * cost(labels[n]);
        if (in.smoothing > 0) losses[n] += in.smoothing * mean;
        hits[n] = prediction(row, in.classes) == labels[n];
      }
    });
    double lossSum = 0, hitSum = 0;
    for (long n = 0; n < in.samples; n++) {
      lossSum += losses[n];
      hitSum += hits[n];
    }
    if (loss) *loss.in<float>(context) = static_cast<float>(lossSum / in.totalWeight(context));
    if (correct) *correct.in<float>(context) = static_cast<float>(hitSum);
  };
}

KernelCall makeSoftmaxCrossEntropyGrad(OpReader& op) {
  const LossOperands in(op);
  const Operand dloss = op.input("dloss"), dlogits = op.output("dlogits");
  return [=](const RunContext& context) {
    in.checkLabels(context);
    const double share = *dloss.in<float>(context) / in.totalWeight(context);
    const double spread = in.smoothing / static_cast<double>(in.classes);
    const int32_t* labels = in.labels.in<int32_t>(context);
    parallelBlocks(context, in.samples, in.samplesPerBlock(), [&](long begin, long end) {
      for (long n = begin; n < end; n++) {
        const float* row = in.logits.in<float>(context) + n * in.classes;
        float* out = dlogits.in<float>(context) + n * in.classes;
        const LogSum sum(row, in.classes);
        const double targets = in.targetSum(labels[n]);
        for (long k = 0; k < in.classes; k++) {
          const double target = in.weightOf(k) * (spread + (k == labels[n] ? 1 - in.smoothing : 0));
          const double probability = std::exp(row[k] - sum.largest - sum.logSum);
          out[k] = static_cast<float>(share * (probability * targets - target));
        }
      }
    });
  };
}

}  // namespace resnet
