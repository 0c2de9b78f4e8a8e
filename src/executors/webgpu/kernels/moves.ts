import { broadcastStrides, stridesOf } from "../../../ops/broadcast-shapes.js";
import { sizeOf } from "../../../tensor/shape.js";
import type { Kernel, Value } from "../kernel.js";
import type { OpReader } from "../op-reader.js";
import { f32 } from "../wgsl/literals.js";
import { placeFunction, type PlaceFunction } from "../wgsl/places.js";
import type { KernelMaker } from "./all.js";
import { elementwise } from "./elementwise.js";

/** The kernel of a result whose elements are elements of `x`, by the function `place`. */
const gather = (op: OpReader, x: Value, y: Value, { text, sizes }: PlaceFunction): Kernel =>
  elementwise({
    name: op.name,
    reads: { x },
    writes: { y },
    sizes,
    functions: text,
    body: "r.y = x(place(i));",
  });

/** The kernel of a result whose elements are those of `x`, in their order. */
const copy = (op: OpReader, x: Value, y: Value, value = "x(i)"): Kernel =>
  elementwise({ name: op.name, reads: { x }, writes: { y }, body: `r.y = ${value};` });

const broadcast: KernelMaker = (op) => {
  const [x, y] = [op.input("x"), op.output("y")];
  return [gather(op, x, y, placeFunction("place", y.shape, broadcastStrides(x.shape, y.shape)))];
};

const permute: KernelMaker = (op) => {
  const [x, y] = [op.input("x"), op.output("y")];
  const strides = stridesOf(x.shape);
  const moved = op.numbers("axes").map((axis) => strides[axis]!);
  return [gather(op, x, y, placeFunction("place", y.shape, moved))];
};

const slice: KernelMaker = (op) => {
  const [x, y] = [op.input("x"), op.output("y")];
  const [starts, steps] = [op.numbers("starts"), op.numbers("steps")];
  const strides = stridesOf(x.shape);
  const first = starts.reduce((sum, start, axis) => sum + start * strides[axis]!, 0);
  const stepped = steps.map((step, axis) => step * strides[axis]!);
  return [gather(op, x, y, placeFunction("place", y.shape, stepped, first))];
};

const pad: KernelMaker = (op) => {
  const [x, y] = [op.input("x"), op.output("y")];
  const [starts, steps] = [op.numbers("starts"), op.numbers("steps")];
  const strides = stridesOf(x.shape);
  const sizes: Record<string, number> = {};
  const lines = y.shape.map((size, axis) => {
    // An axis along which nothing is added needs no look.
    const isWhole = starts[axis] === 0 && steps[axis] === 1 && x.shape[axis] === size;
    const names = {
      y: size,
      x: x.shape[axis]!,
      stride: strides[axis]!,
      start: starts[axis]!,
      step: steps[axis]!,
    };
    for (const [name, value] of Object.entries(names)) sizes[`${name}${axis}`] = value;
    return `
  let at${axis} = rest % p.y${axis};
  rest /= p.y${axis};
  ${
    isWhole
      ? `place += at${axis} * p.stride${axis};`
      : `let apart${axis} = i32(at${axis}) - i32(p.start${axis});
  let index${axis} = apart${axis} / i32(p.step${axis});
  isInside = isInside && index${axis} * i32(p.step${axis}) == apart${axis} && index${axis} >= 0 && index${axis} < i32(p.x${axis});
  place += u32(index${axis}) * p.stride${axis};`
  }`;
  });
  return [
    elementwise({
      name: op.name,
      reads: { x },
      writes: { y },
      sizes,
      body: `
  var rest = i;
  var place = 0u;
  var isInside = true;
  ${lines.reverse().join("")}
  r.y = ${f32(op.number("value"))};
  if (isInside) { r.y = x(place); }`,
    }),
  ];
};

const concat: KernelMaker = (op) => {
  const y = op.output("y");
  const axis = op.number("axis");
  const operands = op.listed("x");
  const inner = sizeOf(y.shape.slice(axis + 1));
  let end = 0;
  const parts = operands.map((value, k) => {
    const run = value.shape[axis]! * inner;
    end += run;
    return { name: `x${k}`, value, k, run, end };
  });
  // Where there are more operands than bindings, a later kernel keeps what an earlier one wrote.
  const most = op.limits.maxBindings - 1;
  return Array.from({ length: Math.ceil(parts.length / most) }, (_, pass) => {
    const here = parts.slice(pass * most, (pass + 1) * most);
    const choices = here.map(
      ({ k }) =>
        `if (at >= p.end${k} - p.run${k} && at < p.end${k}) { r.y = x${k}(outer * p.run${k} + at + p.run${k} - p.end${k}); }`,
    );
    return elementwise({
      name: op.name,
      reads: Object.fromEntries(here.map(({ name, value }) => [name, value])),
      writes: { y },
      sizes: Object.fromEntries([
        ["run", end],
        ...here.flatMap(({ k, run, end: last }) => [
          [`run${k}`, run],
          [`end${k}`, last],
        ]),
      ]),
      body: `
  let outer = i / p.run;
  let at = i % p.run;
  ${pass > 0 ? "r.y = y(i);" : ""}
  ${choices.join("\n  ")}`,
    });
  });
};

const cast: KernelMaker = (op) => [copy(op, op.input("x"), op.output("y"), "f32(x(i))")];

const reshape: KernelMaker = (op) => [copy(op, op.input("x"), op.output("y"))];

const literal: KernelMaker = (op) => [copy(op, op.table(op.numbers("values")), op.output("y"))];

/** Elements in other places, and other dtypes. */
export const moveKernels: Readonly<Record<string, KernelMaker>> = {
  broadcast,
  permute,
  slice,
  pad,
  concat,
  cast,
  reshape,
  literal,
};
