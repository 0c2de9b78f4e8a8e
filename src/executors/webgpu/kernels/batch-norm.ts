import { sizeOf } from "../../../tensor/shape.js";
import type { Kernel, Value } from "../kernel.js";
import type { OpReader } from "../op-reader.js";
import { activateFunction, activationGradFunction } from "../wgsl/activation.js";
import { f32 } from "../wgsl/literals.js";
import type { KernelMaker } from "./all.js";
import { elementwise } from "./elementwise.js";
import { addUp, mergeMoments, reduceColumns } from "./reduce-columns.js";

/** Channels of an image or of its statistics. */
const channelsOf = ({ shape }: Value): number => shape.at(-1)!;

const activationOf = (op: OpReader) => ({
  activation: op.attr("activation"),
  slope: op.number("slope"),
});

/**
 * Kernels for the mean and the biased variance of each channel of `x`.
 *
 * @param writes the results `mean` and `variance` that are wanted
 */
export function statisticsKernels(
  op: OpReader,
  x: Value,
  writes: { readonly mean: Value | undefined; readonly variance: Value | undefined },
): Kernel[] {
  const columns = channelsOf(x);
  return reduceColumns(op, {
    name: `${op.name} statistics`,
    rows: sizeOf(x.shape) / columns,
    columns,
    items: { reads: { x }, values: ["1.0", "x(i)", "0.0"] },
    fold: mergeMoments,
    finish: {
      reads: {},
      writes,
      body: `${writes.mean ? "set_mean(c, out1);" : ""} ${writes.variance ? "set_variance(c, out2 / out0);" : ""}`,
    },
  });
}

const batchNormStatistics: KernelMaker = (op) =>
  statisticsKernels(op, op.input("x"), {
    mean: op.output("mean"),
    variance: op.output("variance"),
  });

const batchNorm2d: KernelMaker = (op) => {
  const [x, residual] = [op.input("x"), op.optionalInput("residual")];
  return [
    elementwise({
      name: op.name,
      reads: {
        x,
        mean: op.input("mean"),
        variance: op.input("variance"),
        weight: op.input("weight"),
        bias: op.input("bias"),
        residual,
      },
      writes: { y: op.output("y") },
      sizes: { channels: channelsOf(x) },
      functions: activateFunction(activationOf(op)),
      body: `
  let c = i % p.channels;
  let factor = weight(c) / sqrt(variance(c) + ${f32(op.number("eps"))});
  r.y = activate((x(i) - mean(c)) * factor + bias(c)${residual ? " + residual(i)" : ""});`,
    }),
  ];
};

const batchNormFold: KernelMaker = (op) => {
  const convBias = op.optionalInput("convBias");
  return [
    elementwise({
      name: op.name,
      reads: {
        mean: op.input("mean"),
        variance: op.input("variance"),
        weight: op.input("weight"),
        bias: op.input("bias"),
        convBias,
      },
      writes: { scale: op.output("scale"), shift: op.output("shift") },
      body: `
  let factor = weight(i) / sqrt(variance(i) + ${f32(op.number("eps"))});
  r.scale = factor;
  r.shift = bias(i) + (${convBias ? "convBias(i)" : "0.0"} - mean(i)) * factor;`,
    }),
  ];
};

const runningStatistics: KernelMaker = (op) => {
  const count = op.number("count");
  const momentum = f32(op.number("momentum"));
  return [
    elementwise({
      name: op.name,
      reads: {
        runningMean: op.input("runningMean"),
        runningVariance: op.input("runningVariance"),
        mean: op.input("mean"),
        variance: op.input("variance"),
      },
      writes: { newMean: op.output("newMean"), newVariance: op.output("newVariance") },
      sizes: { samples: count },
      body: `
  let samples = f32(p.samples);
  let oldMean = runningMean(i);
  let oldVariance = runningVariance(i);
  r.newMean = oldMean + ${momentum} * (mean(i) - oldMean);
  r.newVariance = oldVariance + ${momentum} * (variance(i) * (samples / (samples - 1.0)) - oldVariance);`,
    }),
  ];
};

/** The gradient behind the activation, from `dy` and, where there is an activation, `y`. */
const gradientOf = (y: Value | undefined): string => (y ? "activationGrad(dy(i), y(i))" : "dy(i)");

const batchNormParamGrad: KernelMaker = (op) => {
  const [dy, x, y] = [op.input("dy"), op.input("x"), op.optionalInput("y")];
  const [mean, variance] = [op.input("mean"), op.input("variance")];
  const columns = channelsOf(x);
  const functions = activationGradFunction(activationOf(op));
  const sums = reduceColumns(op, {
    name: op.name,
    rows: sizeOf(x.shape) / columns,
    columns,
    items: {
      reads: { dy, x, mean, y },
      functions,
      prelude: `let dz = ${gradientOf(y)};`,
      values: ["dz * (x(i) - mean(c))", "dz"],
    },
    fold: addUp,
    finish: {
      reads: { variance },
      writes: { dweight: op.output("dweight"), dbias: op.output("dbias") },
      body: `set_dweight(c, out0 / sqrt(variance(c) + ${f32(op.number("eps"))})); set_dbias(c, out1);`,
    },
  });
  const dz = op.optionalOutput("dz");
  if (!dz) return sums;
  // After the sums, because dz may take the place of dy.
  return [
    ...sums,
    elementwise({
      name: `${op.name} dz`,
      reads: { dy, y },
      writes: { dz },
      functions,
      body: `r.dz = ${gradientOf(y)};`,
    }),
  ];
};

const batchNormInputGrad: KernelMaker = (op) => {
  const [x, y] = [op.input("x"), op.optionalInput("y")];
  const [dweight, dbias] = [op.optionalInput("dweight"), op.optionalInput("dbias")];
  const throughStatistics = [
    ...(dbias ? ["dbias(c)"] : []),
    ...(dweight ? ["(x(i) - mean(c)) * inverse * dweight(c)"] : []),
  ].join(" + ");
  return [
    elementwise({
      name: op.name,
      reads: {
        dy: op.input("dy"),
        ...(dweight && { x, mean: op.input("mean") }),
        variance: op.input("variance"),
        weight: op.input("weight"),
        dweight,
        dbias,
        y,
      },
      writes: { dx: op.output("dx") },
      sizes: { channels: channelsOf(x) },
      functions: activationGradFunction(activationOf(op)),
      body: `
  let c = i % p.channels;
  let inverse = 1.0 / sqrt(variance(c) + ${f32(op.number("eps"))});
  let samples = f32(p.count / p.channels);
  r.dx = weight(c) * inverse * (${gradientOf(y)}${throughStatistics ? ` - (${throughStatistics}) / samples` : ""});`,
    }),
  ];
};

/** Batch normalization and its gradients. */
export const batchNormKernels: Readonly<Record<string, KernelMaker>> = {
  batchNormStatistics,
  batchNorm2d,
  batchNormFold,
  runningStatistics,
  batchNormParamGrad,
  batchNormInputGrad,
};
