import type { Kernel, Value } from "../kernel.js";
import type { OpReader } from "../op-reader.js";
import { f32 } from "../wgsl/literals.js";
import type { KernelMaker } from "./all.js";
import { elementwise } from "./elementwise.js";

/** The weight of each class, where there are weights. */
const weightsOf = (op: OpReader): Value | undefined =>
  op.attr("classWeights") === undefined ? undefined : op.table(op.numbers("classWeights"));

/** The functions `logitMax(sample)` and `logSum(sample, max)`, the logarithm of `Σ expOf(logit − max)`. */
const logSumFunctions = `
fn logitMax(sample: u32) -> f32 {
  var largest = logits(sample * p.k);
  for (var j = 1u; j < p.k; j++) { largest = largerOf(largest, logits(sample * p.k + j)); }
  return largest;
}
fn logSum(sample: u32, largest: f32) -> f32 {
  var sum = 0.0;
  for (var j = 0u; j < p.k; j++) { sum += expOf(logits(sample * p.k + j) - largest); }
  return logOf(sum);
}`;

/** Whether the first largest logit, or the first NaN, is at the label. */
const correctFunction = `
fn prediction(sample: u32) -> u32 {
  var best = 0u;
  for (var j = 1u; j < p.k; j++) {
    let v = logits(sample * p.k + best);
    if (isNan(v)) { break; }
    let other = logits(sample * p.k + j);
    if (other > v || isNan(other)) { best = j; }
  }
  return best;
}`;

const softmaxCrossEntropy: KernelMaker = (op) => {
  const logits = op.input("logits");
  const [n, k] = logits.shape;
  const weights = weightsOf(op);
  const smoothing = op.number("smoothing");
  const correct = op.optionalOutput("correct");
  const [costs, rights] = [op.scratch([n!]), op.scratch([n!])];
  const weightOf = (j: string): string => (weights ? `weights(${j}) * ` : "");
  const perSample = elementwise({
    name: op.name,
    reads: { logits, labels: op.input("labels"), weights },
    writes: { costs, ...(correct && { rights }) },
    sizes: { k: k! },
    functions: logSumFunctions + (correct ? correctFunction : ""),
    body: `
  let label = min(u32(labels(i)), p.k - 1u);
  let largest = logitMax(i);
  let rest = logSum(i, largest);
  let own = ${weightOf("label")}(largest - logits(i * p.k + label) + rest);
  var cost = ${smoothing < 1 ? `${f32(1 - smoothing)} * own` : "zeroTimes(own)"};
  ${
    smoothing > 0
      ? `var others = 0.0;
  for (var j = 0u; j < p.k; j++) { others += ${weightOf("j")}(largest - logits(i * p.k + j) + rest); }
  cost += others * (${f32(smoothing)} / f32(p.k));`
      : ""
  }
  r.costs = cost;
  ${correct ? "r.rights = select(0.0, 1.0, prediction(i) == label);" : ""}`,
  });
  const total = elementwise({
    name: `${op.name} mean`,
    reads: {
      costs,
      ...(correct && { rights }),
      ...(weights && { weights, labels: op.input("labels") }),
    },
    writes: { loss: op.output("loss"), correct },
    sizes: { n: n!, k: k! },
    body: `
  var sum = 0.0;
  for (var sample = 0u; sample < p.n; sample++) { sum += costs(sample); }
  r.loss = sum / ${weights ? "totalWeight()" : "f32(p.n)"};
  ${correct ? "var count = 0.0; for (var sample = 0u; sample < p.n; sample++) { count += rights(sample); } r.correct = count;" : ""}`,
    functions: weights ? totalWeightFunction : "",
  });
  return [perSample, total];
};

/** The sum of the weights of the batch's samples; NaN where none counts, as in PyTorch. */
const totalWeightFunction = `
fn totalWeight() -> f32 {
  var sum = 0.0;
  for (var sample = 0u; sample < p.n; sample++) { sum += weights(min(u32(labels(sample)), p.k - 1u)); }
  return select(sum, ofBits(0x7fc00000u), sum == 0.0);
}`;

const softmaxCrossEntropyGrad: KernelMaker = (op) => {
  const [logits, labels] = [op.input("logits"), op.input("labels")];
  const [n, k] = logits.shape;
  const weights = weightsOf(op);
  const smoothing = op.number("smoothing");
  const [largests, logSums] = [op.scratch([n!]), op.scratch([n!])];
  const sizes = { n: n!, k: k! };
  const kernels: Kernel[] = [
    elementwise({
      name: `${op.name} softmax`,
      reads: { logits },
      writes: { largests, logSums },
      sizes,
      functions: logSumFunctions,
      body: "let largest = logitMax(i); r.largests = largest; r.logSums = logSum(i, largest);",
    }),
  ];
  const batchWeight = weights && op.scratch([1]);
  if (batchWeight)
    kernels.push(
      elementwise({
        name: `${op.name} weights`,
        reads: { labels, weights },
        writes: { batchWeight },
        sizes,
        functions: totalWeightFunction,
        body: "r.batchWeight = totalWeight();",
      }),
    );
  const targets = `
fn target0(label: u32, j: u32) -> f32 {
  let share = ${f32(smoothing)} / f32(p.k) + select(0.0, ${f32(1 - smoothing)}, j == label);
  return ${weights ? "weights(j) * " : ""}share;
}
fn targetSum(label: u32) -> f32 {
  var sum = 0.0;
  for (var j = 0u; j < p.k; j++) { sum += target0(label, j); }
  return sum;
}`;
  kernels.push(
    elementwise({
      name: op.name,
      reads: {
        logits,
        labels,
        dloss: op.input("dloss"),
        largests,
        logSums,
        weights,
        batchWeight,
      },
      writes: { dlogits: op.output("dlogits") },
      sizes,
      functions: targets,
      // Without weights the targets of a sample add up to 1.
      body: `
  let sample = i / p.k;
  let label = min(u32(labels(sample)), p.k - 1u);
  let share = dloss(0u) / ${weights ? "batchWeight(0u)" : "f32(p.n)"};
  let softmax = expOf(logits(i) - largests(sample) - logSums(sample));
  r.dlogits = share * (softmax${weights ? " * targetSum(label)" : ""} - target0(label, i % p.k));`,
    }),
  );
  return kernels;
};

/** The loss and its gradient. */
export const lossKernels: Readonly<Record<string, KernelMaker>> = {
  softmaxCrossEntropy,
  softmaxCrossEntropyGrad,
};
