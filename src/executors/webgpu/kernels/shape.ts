import { f32 } from "../wgsl/literals.js";
import type { KernelMaker } from "./all.js";
import { elementwise } from "./elementwise.js";

const flatten: KernelMaker = (op) => {
  const x = op.input("x");
  const [h, w, n, c] = x.shape;
  return [
    elementwise({
      name: op.name,
      reads: { x },
      writes: { y: op.output("y") },
      sizes: { pixels: h! * w!, n: n!, c: c! },
      body: `
  let pixel = i % p.pixels;
  let channel = (i / p.pixels) % p.c;
  let sample = i / (p.pixels * p.c);
  r.y = x((pixel * p.n + sample) * p.c + channel);`,
    }),
  ];
};

const flattenGrad: KernelMaker = (op) => {
  const dx = op.output("dx");
  const [h, w, n, c] = dx.shape;
  return [
    elementwise({
      name: op.name,
      reads: { dy: op.input("dy") },
      writes: { dx },
      sizes: { pixels: h! * w!, n: n!, c: c! },
      body: `
  let channel = i % p.c;
  let sample = (i / p.c) % p.n;
  let pixel = i / (p.c * p.n);
  r.dx = dy((sample * p.c + channel) * p.pixels + pixel);`,
    }),
  ];
};

const subsample: KernelMaker = (op) => {
  const [x, y] = [op.input("x"), op.output("y")];
  const [, w, , c] = x.shape;
  const [, ow, n, channels] = y.shape;
  const [before] = op.numbers("padChannels");
  return [
    elementwise({
      name: op.name,
      reads: { x },
      writes: { y },
      sizes: {
        w: w!,
        c: c!,
        ow: ow!,
        n: n!,
        channels: channels!,
        before: before!,
        stride: op.number("stride"),
      },
      body: `
  let channel = i % p.channels;
  let sample = (i / p.channels) % p.n;
  let pixel = i / (p.channels * p.n);
  let source = (pixel / p.ow * p.w + pixel % p.ow) * p.stride;
  if (channel >= p.before && channel < p.before + p.c) { r.y = x((source * p.n + sample) * p.c + channel - p.before); }`,
    }),
  ];
};

const subsampleGrad: KernelMaker = (op) => {
  const [dy, dx] = [op.input("dy"), op.output("dx")];
  const [, w, n, c] = dx.shape;
  const [, ow, , channels] = dy.shape;
  const [before] = op.numbers("padChannels");
  return [
    elementwise({
      name: op.name,
      reads: { dy },
      writes: { dx },
      sizes: {
        w: w!,
        c: c!,
        ow: ow!,
        n: n!,
        channels: channels!,
        before: before!,
        stride: op.number("stride"),
      },
      body: `
  let channel = i % p.c;
  let sample = (i / p.c) % p.n;
  let row = i / (p.c * p.n) / p.w;
  let column = i / (p.c * p.n) % p.w;
  if (row % p.stride == 0u && column % p.stride == 0u) {
    let source = row / p.stride * p.ow + column / p.stride;
    r.dx = dy((source * p.n + sample) * p.channels + p.before + channel);
  }`,
    }),
  ];
};

const constant: KernelMaker = (op) => [
  elementwise({
    name: op.name,
    reads: {},
    writes: { y: op.output("y") },
    body: `r.y = ${f32(op.number("value"))};`,
  }),
];

/** Ops that move values, and constants. */
export const shapeKernels: Readonly<Record<string, KernelMaker>> = {
  flatten,
  flattenGrad,
  subsample,
  subsampleGrad,
  constant,
};
