import type { OpReader } from "../op-reader.js";
import { activateFunction, activationGradFunction } from "../wgsl/activation.js";
import type { KernelMaker } from "./all.js";
import { elementwise } from "./elementwise.js";

const forward =
  (activation: "relu" | "leakyRelu"): KernelMaker =>
  (op) => [
    elementwise({
      name: op.name,
      reads: { x: op.input("x") },
      writes: { y: op.output("y") },
      functions: activateFunction({ activation, slope: slopeOf(op) }),
      body: "r.y = activate(x(i));",
    }),
  ];

const backward =
  (activation: "relu" | "leakyRelu"): KernelMaker =>
  (op) => [
    elementwise({
      name: op.name,
      reads: { dy: op.input("dy"), y: op.input("y") },
      writes: { dx: op.output("dx") },
      functions: activationGradFunction({ activation, slope: slopeOf(op) }),
      body: "r.dx = activationGrad(dy(i), y(i));",
    }),
  ];

const slopeOf = (op: OpReader): number => (op.attr("slope") === undefined ? 0 : op.number("slope"));

const add: KernelMaker = (op) => [
  elementwise({
    name: op.name,
    reads: { a: op.input("a"), b: op.input("b") },
    writes: { y: op.output("y") },
    body: "r.y = a(i) + b(i);",
  }),
];

/** Ops of one element each. */
export const activationKernels: Readonly<Record<string, KernelMaker>> = {
  relu: forward("relu"),
  leakyRelu: forward("leakyRelu"),
  reluGrad: backward("relu"),
  leakyReluGrad: backward("leakyRelu"),
  add,
};
