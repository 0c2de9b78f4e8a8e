import type { OpReader } from "../op-reader.js";
import { f32, u32 } from "../wgsl/literals.js";
import type { KernelMaker } from "./all.js";
import { elementwise } from "./elementwise.js";

/** A constant array of the module, by channel. */
const channelTable = (name: string, values: readonly number[], literal: (v: number) => string) => {
  const type = literal === u32 ? "u32" : "f32";
  return `const ${name} = array<${type}, ${values.length}>(${values.map(literal).join(", ")});`;
};

const ingest: KernelMaker = (op) => {
  const images = op.input("images");
  const placement = op.optionalInput("placement");
  const [rows, h, w, c] = images.shape;
  const x = op.output("x");
  const [, ow, n] = x.shape;
  const tables = [
    channelTable("meanOf", op.numbers("mean"), f32),
    channelTable("stdOf", op.numbers("std"), f32),
    ...(placement
      ? [
          channelTable("fillOf", op.numbers("fill"), u32),
          channelTable("eraseFillOf", op.numbers("eraseFill"), u32),
        ]
      : []),
  ];
  const placed = `
  let at = 8u * sample;
  let fromRow = placement(at) + placement(at + 1u) * row;
  let fromColumn = placement(at + 2u) + placement(at + 3u) * column;
  let isErased = row >= placement(at + 4u) && row < placement(at + 6u) && column >= placement(at + 5u) && column < placement(at + 7u);
  let isInside = fromRow >= 0 && fromRow < i32(p.h) && fromColumn >= 0 && fromColumn < i32(p.w);
  var byte = fillOf[channel];
  if (isErased) { byte = eraseFillOf[channel]; }
  else if (isInside) { byte = images(pixelOf(image, u32(fromRow), u32(fromColumn)) + channel); }`;
  return [
    elementwise({
      name: op.name,
      reads: { images, indices: op.input("indices"), placement },
      writes: { x },
      sizes: { rows: rows!, h: h!, w: w!, c: c!, ow: ow!, n: n! },
      functions: `${tables.join("\n")}
fn pixelOf(image: u32, row: u32, column: u32) -> u32 { return ((image * p.h + row) * p.w + column) * p.c; }`,
      // Bytes are images, whose count u32 holds; the index is valid, because the host checked it.
      body: `
  let channel = i % p.c;
  let sample = (i / p.c) % p.n;
  let pixel = i / (p.c * p.n);
  let row = i32(pixel / p.ow);
  let column = i32(pixel % p.ow);
  let image = min(u32(indices(sample)), p.rows - 1u);
  ${placement ? placed : "let byte = images(pixelOf(image, u32(row), u32(column)) + channel);"}
  r.x = (f32(byte) / 255.0 - meanOf[channel]) / stdOf[channel];`,
    }),
  ];
};

const gatherLabels: KernelMaker = (op) => {
  const labels = op.input("labels");
  return [
    elementwise({
      name: op.name,
      reads: { labels, indices: op.input("indices") },
      writes: { y: op.output("y") },
      sizes: { rows: labels.shape[0]! },
      body: "r.y = labels(min(u32(indices(i)), p.rows - 1u));",
    }),
  ];
};

const mixSamples: KernelMaker = (op) => {
  const x = op.input("x");
  const [, w, n, c] = x.shape;
  return [
    elementwise({
      name: op.name,
      reads: { x, share: op.input("share"), box: op.input("box") },
      writes: { y: op.output("y") },
      sizes: { w: w!, nc: n! * c!, shift: (n! - 1) * c! },
      body: `
  let pixel = i / p.nc;
  let row = i32(pixel / p.w);
  let column = i32(pixel % p.w);
  let isInBox = row >= box(0u) && row < box(2u) && column >= box(1u) && column < box(3u);
  let own = select(share(0u), 0.0, isInBox);
  let neighbour = x(pixel * p.nc + (i % p.nc + p.shift) % p.nc);
  r.y = x(i) * own + neighbour * (1.0 - own);`,
    }),
    elementwise({
      name: `${op.name} labels`,
      reads: { labels: op.input("labels") },
      writes: { neighbourLabels: op.output("neighbourLabels") },
      body: "r.neighbourLabels = labels((i + p.count - 1u) % p.count);",
    }),
  ];
};

/**
 * Zeroes what the draw of its number does not keep.
 *
 * @param draw WGSL of the number, from the element `i`
 */
function dropped(op: OpReader, draw: string, sizes: Readonly<Record<string, number>>) {
  const probability = op.number("probability");
  const factor = probability < 1 ? f32(1 / (1 - probability)) : "0.0";
  return [
    elementwise({
      name: op.name,
      reads: { x: op.input("x"), key: op.input("key") },
      writes: { y: op.output("y") },
      sizes,
      body: `
  let streamKey = threefry(vec2u(u32(key(0u)), u32(key(1u))), vec2u(${u32(op.number("stream"))}, 2u));
  r.y = x(i) * select(0.0, ${factor}, draw24(streamKey, ${draw}) >= ${u32(Math.ceil(probability * 2 ** 24))});`,
    }),
  ];
}

const dropout: KernelMaker = (op) => dropped(op, "i", {});

const stochasticDepth: KernelMaker = (op) => {
  const [, , n, c] = op.input("x").shape;
  return dropped(op, "(i / p.c) % p.n", { n: n!, c: c! });
};

/** Batches out of data sets, and what is drawn at random. */
export const dataKernels: Readonly<Record<string, KernelMaker>> = {
  ingest,
  gatherLabels,
  mixSamples,
  dropout,
  stochasticDepth,
};
