import type { Value } from "../kernel.js";
import type { OpReader } from "../op-reader.js";
import { f32 } from "../wgsl/literals.js";
import type { KernelMaker } from "./all.js";
import { elementwise } from "./elementwise.js";

/** Sizes of a window that moves over `image` and gives `output`. */
function windowSizes(op: OpReader, image: Value, output: Value) {
  const [h, w, n, c] = image.shape;
  const [oh, ow] = output.shape;
  return {
    h: h!,
    w: w!,
    nc: n! * c!,
    oh: oh!,
    ow: ow!,
    kernel: op.number("kernel"),
    stride: op.number("stride"),
    padding: op.number("padding"),
  };
}

/** WGSL that runs `visit` for each tap of the window of output `i` inside the image; `source` is the image's element. */
const overTaps = (visit: string): string => `
  let pixel = i / p.nc;
  let rest = i % p.nc;
  let top = i32(pixel / p.ow * p.stride) - i32(p.padding);
  let left = i32(pixel % p.ow * p.stride) - i32(p.padding);
  for (var kh = 0u; kh < p.kernel; kh++) {
    let row = top + i32(kh);
    if (row < 0 || row >= i32(p.h)) { continue; }
    for (var kw = 0u; kw < p.kernel; kw++) {
      let column = left + i32(kw);
      if (column < 0 || column >= i32(p.w)) { continue; }
      let tap = kh * p.kernel + kw;
      let source = (u32(row) * p.w + u32(column)) * p.nc + rest;
      ${visit}
    }
  }`;

/** WGSL that runs `visit` for each window that reads image element `i`, by its `tap`; `source` is the output's element. */
const overWindows = (visit: string): string => `
  let pixel = i / p.nc;
  let rest = i % p.nc;
  let row = pixel / p.w + p.padding;
  let column = pixel % p.w + p.padding;
  for (var kh = 0u; kh < p.kernel; kh++) {
    if (kh > row || (row - kh) % p.stride != 0u || (row - kh) / p.stride >= p.oh) { continue; }
    for (var kw = 0u; kw < p.kernel; kw++) {
      if (kw > column || (column - kw) % p.stride != 0u || (column - kw) / p.stride >= p.ow) { continue; }
      let tap = kh * p.kernel + kw;
      let source = ((row - kh) / p.stride * p.ow + (column - kw) / p.stride) * p.nc + rest;
      ${visit}
    }
  }`;

const maxPool2d: KernelMaker = (op) => {
  const [x, y, index] = [op.input("x"), op.output("y"), op.optionalOutput("index")];
  return [
    elementwise({
      name: op.name,
      reads: { x },
      writes: { y, index },
      sizes: windowSizes(op, x, y),
      body: `
  var best = 0.0;
  var winner = 0xffffffffu;
  ${overTaps("let v = x(source); if (winner == 0xffffffffu || v > best || isNan(v)) { best = v; winner = tap; }")}
  r.y = best;
  ${index ? "r.index = winner;" : ""}`,
    }),
  ];
};

const maxPool2dGrad: KernelMaker = (op) => {
  const [dy, dx] = [op.input("dy"), op.output("dx")];
  return [
    elementwise({
      name: op.name,
      reads: { dy, index: op.input("index") },
      writes: { dx },
      sizes: windowSizes(op, dx, dy),
      body: `
  var sum = 0.0;
  ${overWindows("if (index(source) == tap) { sum += dy(source); }")}
  r.dx = sum;`,
    }),
  ];
};

const avgPool2d: KernelMaker = (op) => {
  const [x, y] = [op.input("x"), op.output("y")];
  return [
    elementwise({
      name: op.name,
      reads: { x },
      writes: { y },
      sizes: windowSizes(op, x, y),
      body: `
  var sum = 0.0;
  ${overTaps("sum += x(source);")}
  r.y = sum / ${f32(op.number("kernel") ** 2)};`,
    }),
  ];
};

const avgPool2dGrad: KernelMaker = (op) => {
  const [dy, dx] = [op.input("dy"), op.output("dx")];
  return [
    elementwise({
      name: op.name,
      reads: { dy },
      writes: { dx },
      sizes: windowSizes(op, dx, dy),
      body: `
  var sum = 0.0;
  ${overWindows("sum += dy(source);")}
  r.dx = sum / ${f32(op.number("kernel") ** 2)};`,
    }),
  ];
};

/** Pixels of an image, and elements of a pixel. */
const imageSizes = ({ shape: [h, w, n, c] }: Value) => ({ pixels: h! * w!, nc: n! * c! });

const adaptiveAvgPool2d: KernelMaker = (op) => [
  elementwise({
    name: op.name,
    reads: { x: op.input("x") },
    writes: { y: op.output("y") },
    sizes: imageSizes(op.input("x")),
    body: `
  var sum = 0.0;
  for (var pixel = 0u; pixel < p.pixels; pixel++) { sum += x(pixel * p.nc + i); }
  r.y = sum / f32(p.pixels);`,
  }),
];

const adaptiveAvgPool2dGrad: KernelMaker = (op) => [
  elementwise({
    name: op.name,
    reads: { dy: op.input("dy") },
    writes: { dx: op.output("dx") },
    sizes: imageSizes(op.output("dx")),
    body: "r.dx = dy(i % p.nc) / f32(p.pixels);",
  }),
];

const adaptiveMaxPool2d: KernelMaker = (op) => {
  const index = op.optionalOutput("index");
  return [
    elementwise({
      name: op.name,
      reads: { x: op.input("x") },
      writes: { y: op.output("y"), index },
      sizes: imageSizes(op.input("x")),
      body: `
  var best = x(i);
  var winner = 0u;
  for (var pixel = 1u; pixel < p.pixels; pixel++) {
    let v = x(pixel * p.nc + i);
    if (v > best || isNan(v)) { best = v; winner = pixel; }
  }
  r.y = best;
  ${index ? "r.index = i32(winner);" : ""}`,
    }),
  ];
};

const adaptiveMaxPool2dGrad: KernelMaker = (op) => [
  elementwise({
    name: op.name,
    reads: { dy: op.input("dy"), index: op.input("index") },
    writes: { dx: op.output("dx") },
    sizes: imageSizes(op.output("dx")),
    body: "r.dx = select(0.0, dy(i % p.nc), u32(index(i % p.nc)) == i / p.nc);",
  }),
];

/** Windows, and whole images, reduced to a value. */
export const poolingKernels: Readonly<Record<string, KernelMaker>> = {
  maxPool2d,
  maxPool2dGrad,
  avgPool2d,
  avgPool2dGrad,
  adaptiveAvgPool2d,
  adaptiveAvgPool2dGrad,
  adaptiveMaxPool2d,
  adaptiveMaxPool2dGrad,
};
