import { broadcastStrides } from "../../../ops/broadcast-shapes.js";
import { parseSteps, type Source, type Step } from "../../../ops/elementwise-steps.js";
import type { UnaryName } from "../../../ops/unary-functions.js";
import { sizeOf } from "../../../tensor/shape.js";
import type { Kernel, Value } from "../kernel.js";
import type { OpReader } from "../op-reader.js";
import { binaryTable } from "../wgsl/binary-table.js";
import { f32 } from "../wgsl/literals.js";
import { placeFunction, together, type PlaceFunction } from "../wgsl/places.js";
import { unaryTable } from "../wgsl/unary-table.js";
import type { KernelMaker } from "./all.js";
import { elementwise } from "./elementwise.js";

/**
 * The kernel of functions that follow each other for each element; the operands broadcast.
 *
 * @param operands x0, x1 …
 * @param y the result of the last step; each is rounded as if it were stored
 */
function chain(op: OpReader, operands: readonly Value[], steps: readonly Step[], y: Value): Kernel {
  const places = operands.map((operand, k) => placeOf(operand, y, k));
  const { text, sizes } = together(places.flatMap(({ made }) => (made ? [made] : [])));
  const round = (value: string): string => (y.dtype === "bf16" ? `roundBf16(${value})` : value);
  const uses = new Map(steps.map((step) => [functionOf(step.name), textOf(step.name)]));
  const lines = steps.map((step, k) => `let t${k} = ${round(callOf(step))};`);
  return elementwise({
    name: op.name,
    reads: Object.fromEntries(operands.map((value, k) => [`operand${k}`, value])),
    writes: { y },
    sizes,
    functions: [text, ...uses.values()].join("\n"),
    body: `
  ${places.map(({ at }, k) => `let x${k} = operand${k}(${at});`).join("\n  ")}
  ${lines.join("\n  ")}
  r.y = t${steps.length - 1};`,
  });
}

/** Where the element of operand k for element `i` of y is. */
function placeOf(
  { shape }: Value,
  y: Value,
  k: number,
): { readonly at: string; readonly made?: PlaceFunction } {
  if (sizeOf(shape) === sizeOf(y.shape)) return { at: "i" };
  if (sizeOf(shape) === 1) return { at: "0u" };
  const name = `place${k}`;
  return { at: `${name}(i)`, made: placeFunction(name, y.shape, broadcastStrides(shape, y.shape)) };
}

const functionOf = (name: string): string => `step_${name}`;

/** The function of a step, by its name in `elementwise`. */
function textOf(name: string): string {
  const signature = (parameters: string): string => `fn ${functionOf(name)}(${parameters}) -> f32`;
  if (name === "where")
    return `${signature("condition: f32, a: f32, b: f32")} { return select(a, b, condition == 0.0); }`;
  if (name in binaryTable)
    return `${signature("a: f32, b: f32")} { return ${binaryTable[name as keyof typeof binaryTable]}; }`;
  const isGradient = !(name in unaryTable);
  const { value, gradient, parameters = [] } = unaryRow(name);
  const given = ["p", "q"].slice(0, parameters.length).map((each) => `, ${each}: f32`);
  return isGradient
    ? `${signature(`dy: f32, x: f32${given.join("")}`)} { return ${gradient}; }`
    : `${signature(`x: f32${given.join("")}`)} { return ${value}; }`;
}

const unaryRow = (name: string) => unaryTable[name.replace(/Grad$/, "") as UnaryName];

function callOf({ name, sources, parameters }: Step): string {
  const rows = name in binaryTable || name === "where" ? [] : (unaryRow(name).parameters ?? []);
  const numbers = rows.map(([key, absent]) =>
    f32(parameters[key as keyof typeof parameters] ?? absent),
  );
  return `${functionOf(name)}(${[...sources.map(sourceText), ...numbers].join(", ")})`;
}

const sourceText = (source: Source): string =>
  source.kind === "number"
    ? f32(source.value)
    : `${source.kind === "operand" ? "x" : "t"}${source.index}`;

/** The operands that are there, and a source for each name: the operand, or else the number. */
function sourcesOf(
  op: OpReader,
  names: readonly (readonly [operand: string, scalar?: string])[],
): { readonly operands: Value[]; readonly sources: Source[] } {
  const operands: Value[] = [];
  const sources = names.map(([name, scalar]): Source => {
    const operand = op.optionalInput(name);
    if (operand) return { kind: "operand", index: operands.push(operand) - 1 };
    return { kind: "number", value: op.number(scalar!) };
  });
  return { operands, sources };
}

/** The parameters of a function of `unary` that are given. */
const parametersOf = (op: OpReader) =>
  Object.fromEntries(
    ["min", "max", "beta", "threshold"]
      .filter((name) => op.attr(name) !== undefined)
      .map((name) => [name, op.number(name)]),
  );

const unary: KernelMaker = (op) => {
  const { operands, sources } = sourcesOf(op, [["x"]]);
  const step = { name: String(op.attr("function")), sources, parameters: parametersOf(op) };
  return [chain(op, operands, [step], op.output("y"))];
};

const unaryGrad: KernelMaker = (op) => {
  const { operands, sources } = sourcesOf(op, [["dy"], ["at"]]);
  const name = `${String(op.attr("function"))}Grad`;
  return [chain(op, operands, [{ name, sources, parameters: parametersOf(op) }], op.output("dx"))];
};

const binary: KernelMaker = (op) => {
  const { operands, sources } = sourcesOf(op, [
    ["a", "scalar"],
    ["b", "scalar"],
  ]);
  const step = { name: String(op.attr("function")), sources, parameters: {} };
  return [chain(op, operands, [step], op.output("y"))];
};

const where: KernelMaker = (op) => {
  const { operands, sources } = sourcesOf(op, [["condition"], ["a", "scalarA"], ["b", "scalarB"]]);
  return [chain(op, operands, [{ name: "where", sources, parameters: {} }], op.output("y"))];
};

const fused: KernelMaker = (op) => {
  const operands = op.listed("x");
  return [
    chain(op, operands, parseSteps(String(op.attr("steps")), operands.length), op.output("y")),
  ];
};

/** Functions of numbers, element by element. */
export const chainKernels: Readonly<Record<string, KernelMaker>> = {
  unary,
  unaryGrad,
  binary,
  where,
  elementwise: fused,
};
