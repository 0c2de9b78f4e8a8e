import { describe, test } from "node:test";
import { conv2d } from "../../src/ops/conv2d.js";
import { linear } from "../../src/ops/linear.js";
import { randomArray } from "../helpers/arrays.js";
import { checkGradients } from "../helpers/gradient-check.js";

/** Image H × W, batch, channels in and out, kernel KH × KW, stride, padding, groups, bias. */
const cases = [
  { image: [4, 5], n: 1, cin: 1, cout: 3, kernel: [1, 1], stride: 1, padding: 0, groups: 1 },
  { image: [5, 4], n: 3, cin: 3, cout: 2, kernel: [1, 1], stride: 2, padding: 0, groups: 1 },
  { image: [3, 4], n: 2, cin: 2, cout: 3, kernel: [1, 1], stride: 1, padding: 2, groups: 1 },
  { image: [5, 4], n: 1, cin: 3, cout: 10, kernel: [3, 3], stride: 1, padding: 1, groups: 1 },
  { image: [6, 5], n: 3, cin: 1, cout: 2, kernel: [3, 3], stride: 2, padding: 1, groups: 1 },
  { image: [5, 7], n: 2, cin: 2, cout: 2, kernel: [3, 3], stride: 3, padding: 0, groups: 1 },
  { image: [1, 1], n: 3, cin: 3, cout: 2, kernel: [3, 3], stride: 1, padding: 1, groups: 1 },
  { image: [4, 3], n: 1, cin: 2, cout: 2, kernel: [3, 3], stride: 2, padding: 4, groups: 1 },
  { image: [5, 4], n: 2, cin: 2, cout: 3, kernel: [2, 3], stride: 1, padding: 1, groups: 1 },
  { image: [5, 4], n: 2, cin: 4, cout: 6, kernel: [3, 3], stride: 1, padding: 1, groups: 2 },
  { image: [4, 5], n: 3, cin: 5, cout: 5, kernel: [3, 3], stride: 2, padding: 1, groups: 5 },
  { image: [4, 3], n: 1, cin: 3, cout: 6, kernel: [3, 3], stride: 1, padding: 1, groups: 3 },
  { image: [9, 8], n: 1, cin: 2, cout: 2, kernel: [7, 7], stride: 2, padding: 3, groups: 1 },
] as const;

describe("conv2d: gradients match finite differences", () => {
  for (const [seed, { image, n, cin, cout, kernel, stride, padding, groups }] of cases.entries()) {
    for (const bias of [false, true]) {
      const title =
        `${kernel.join("×")}, stride ${stride}, padding ${padding}, groups ${groups}, ` +
        `${cin} to ${cout} channels, batch ${n}, ${image.join("×")}${bias ? ", bias" : ""}`;
      test(title, () => {
        const inputs = {
          x: randomArray([...image, n, cin], seed),
          weight: randomArray([...kernel, cin / groups, cout], seed + 100),
          ...(bias && { bias: randomArray([cout], seed + 200) }),
        };
        checkGradients(
          (leaves) =>
            conv2d(leaves["x"]!, leaves["weight"]!, { stride, padding, groups }, leaves["bias"]),
          inputs,
        );
      });
    }
  }
});

describe("linear: gradients match finite differences", () => {
  for (const [n, into, out] of [
    [1, 1, 1],
    [3, 10, 3],
    [5, 3, 10],
  ] as const) {
    for (const bias of [false, true]) {
      test(`batch ${n}, ${into} to ${out}${bias ? ", bias" : ""}`, () => {
        checkGradients((leaves) => linear(leaves["x"]!, leaves["weight"]!, leaves["bias"]), {
          x: randomArray([n, into], 1),
          weight: randomArray([into, out], 2),
          ...(bias && { bias: randomArray([out], 3) }),
        });
      });
    }
  }
});
