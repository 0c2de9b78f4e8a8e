import { f32 } from "../wgsl/literals.js";
import type { KernelMaker } from "./all.js";
import { elementwise } from "./elementwise.js";

const sgd: KernelMaker = (op) => {
  const [velocity, momentum] = [op.optionalInput("velocity"), op.optionalInput("momentum")];
  const gradientScale = op.optionalInput("gradientScale");
  const newVelocity = op.optionalOutput("newVelocity");
  return [
    elementwise({
      name: op.name,
      reads: {
        parameter: op.input("parameter"),
        gradient: op.input("gradient"),
        learningRate: op.input("learningRate"),
        velocity,
        momentum,
        gradientScale,
      },
      writes: { newParameter: op.output("newParameter"), newVelocity },
      body: `
  let old = parameter(i);
  let beta = ${momentum ? "momentum(0u)" : "0.0"};
  let g = ${gradientScale ? "gradientScale(0u) * " : ""}gradient(i) + ${f32(op.number("weightDecay"))} * old;
  let v = ${velocity ? "beta * velocity(i) + g" : "g"};
  let rate = ${f32(op.number("lrScale"))} * learningRate(0u);
  r.newParameter = old - rate * ${op.attr("nesterov") === true ? "(g + beta * v)" : "v"};
  ${newVelocity ? "r.newVelocity = v;" : ""}`,
    }),
  ];
};

/** `1 − β^t`, exact enough for a β near 1, where the power in float32 would not be. */
const correctionFunction = `
fn correction(minusLog: f32, t: f32) -> f32 {
  let x = minusLog * t;
  if (x > 0.5) { return 1.0 - expOf(-x); }
  var sum = 0.0;
  for (var k = 10.0; k >= 1.0; k -= 1.0) { sum = x / k * (1.0 - sum); }
  return sum;
}`;

const adam: KernelMaker = (op) => {
  const gradientScale = op.optionalInput("gradientScale");
  const [beta1, beta2] = [op.number("beta1"), op.number("beta2")];
  const decay = f32(op.number("weightDecay"));
  const isDecoupled = op.attr("decoupled") === true;
  return [
    elementwise({
      name: op.name,
      reads: {
        parameter: op.input("parameter"),
        gradient: op.input("gradient"),
        learningRate: op.input("learningRate"),
        step: op.input("step"),
        firstMoment: op.input("firstMoment"),
        secondMoment: op.input("secondMoment"),
        gradientScale,
      },
      writes: {
        newParameter: op.output("newParameter"),
        newFirstMoment: op.output("newFirstMoment"),
        newSecondMoment: op.output("newSecondMoment"),
      },
      functions: correctionFunction,
      body: `
  let rate = ${f32(op.number("lrScale"))} * learningRate(0u);
  let given = parameter(i);
  let scaled = ${gradientScale ? "gradientScale(0u) * " : ""}gradient(i);
  let old = ${isDecoupled ? `given * (1.0 - rate * ${decay})` : "given"};
  let g = ${isDecoupled ? "scaled" : `scaled + ${decay} * given`};
  let m = firstMoment(i) + ${f32(1 - beta1)} * (g - firstMoment(i));
  let v = ${f32(beta2)} * secondMoment(i) + ${f32(1 - beta2)} * g * g;
  r.newFirstMoment = m;
  r.newSecondMoment = v;
  let correction1 = ${correctionOf(beta1)};
  let correction2 = sqrt(${correctionOf(beta2)});
  r.newParameter = old - rate * m / correction1 / (sqrt(v) / correction2 + ${f32(op.number("eps"))});`,
    }),
  ];
};

/** `1 − β^step` as WGSL. */
const correctionOf = (beta: number): string =>
  beta > 0 && beta < 1
    ? `correction(${f32(-Math.log(beta))}, step(0u))`
    : `(1.0 - pow(${f32(beta)}, step(0u)))`;

const lerp: KernelMaker = (op) => [
  elementwise({
    name: op.name,
    reads: { start: op.input("start"), end: op.input("end"), weight: op.input("weight") },
    writes: { y: op.output("y") },
    body: `
  let share = weight(0u);
  let a = start(i);
  let b = end(i);
  r.y = select(b - (b - a) * (1.0 - share), a + share * (b - a), share < 0.5);`,
  }),
];

const clipScale: KernelMaker = (op) => {
  const norm = op.optionalOutput("norm");
  return [
    elementwise({
      name: op.name,
      reads: { squaredNorm: op.input("squaredNorm") },
      writes: { scale: op.output("scale"), norm },
      body: `
  let root = sqrt(squaredNorm(0u));
  let bounded = ${f32(op.number("maxNorm"))} / (root + 1e-6f);
  r.scale = select(bounded, 1.0, bounded >= 1.0);
  ${norm ? "r.norm = root;" : ""}`,
    }),
  ];
};

/** New values of parameters, and averages. */
export const optimizerKernels: Readonly<Record<string, KernelMaker>> = {
  sgd,
  adam,
  lerp,
  clipScale,
};
