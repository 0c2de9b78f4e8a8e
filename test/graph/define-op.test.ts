// What an op declares: identity, operands, and the signature that every instruction is checked by.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { sizes, wholeShape } from "../../src/graph/attributes.js";
import { parseOperand, signatureMismatch, type Signature } from "../../src/graph/signature.js";
import { input } from "../../src/graph/tensor.js";
import { conv2d, conv2dOp } from "../../src/ops/conv2d.js";
import { opsByName } from "../../src/ops/registry.js";
import type { Attrs } from "../../src/tensor/attrs.js";
import type { DType, Shape, TensorSpec } from "../../src/tensor/shape.js";
import { conformanceCases } from "../executors/conformance-cases.js";

describe("defineOp", () => {
  test("returns the op that nodes hold", () => {
    const y = conv2d(input("x", [4, 4, 1, 2]), input("weight", [3, 3, 2, 5]));
    assert.equal(y.node?.op, conv2dOp);
    assert.equal(opsByName.get("conv2d"), conv2dOp);
  });

  test("parses operands in order", () => {
    assert.deepEqual(conv2dOp.inputs[2], {
      name: "bias",
      isOptional: true,
      element: "f32",
      axes: ["Cout"],
    });
    assert.deepEqual(
      conv2dOp.outputs.map(({ name }) => name),
      ["y", "mean", "variance"],
    );
    assert.throws(() => parseOperand("x", "f16 [N]"), /operand x: "f16 \[N\]" must be like/);
  });
});

test("every conformance case fits the signature of its op", () => {
  for (const { op: name, inputs, outputs, attrs } of conformanceCases) {
    const op = opsByName.get(name)!;
    const given = inputs();
    const results = op.shape(given, attrs);
    const wanted = Object.fromEntries(outputs.map((output) => [output, results[output]!]));
    assert.equal(signatureMismatch(op, { inputs: given, outputs: wanted, attrs }), null, name);
  }
});

describe("signatureMismatch", () => {
  const spec = (shape: Shape, dtype: DType = "f32"): TensorSpec => ({ shape, dtype });
  /** Signature of one op, and what it says of these operands and attributes. */
  const findingOf = (
    signature: Partial<Signature>,
    inputs: Record<string, TensorSpec>,
    attrs: Attrs = {},
  ): string | null =>
    signatureMismatch(
      { inputs: [], outputs: [], attrs: {}, ...signature },
      { inputs, outputs: {}, attrs },
    );
  const image = parseOperand("x", "float [H, W, N, C]");
  const bias = parseOperand("bias?", "f32 [C]");

  test("names an operand that is missing, unknown, of another dtype or shape", () => {
    const signature = { inputs: [image, bias] };
    const x = spec([4, 5, 2, 3]);
    assert.equal(findingOf(signature, { x }), null);
    assert.equal(findingOf(signature, { x, bias: spec([3]) }), null);
    assert.equal(findingOf(signature, {}), "x is missing");
    assert.equal(findingOf(signature, { x, z: x }), "there is no operand called z");
    assert.equal(
      findingOf(signature, { x: spec([4, 5, 2, 3], "u8") }),
      "x is u8 but must be f32 or bf16",
    );
    assert.equal(
      findingOf(signature, { x: spec([4, 5]) }),
      "x has the shape [4, 5] but must have [H, W, N, C]",
    );
    assert.equal(
      findingOf(signature, { x, bias: spec([4]) }),
      "bias has the shape [4] but must have [C = 3]",
    );
  });

  test("lets ... stand for the same axes everywhere", () => {
    const signature = {
      inputs: [parseOperand("a", "float [...]"), parseOperand("b", "float [...]")],
    };
    assert.equal(findingOf(signature, { a: spec([]), b: spec([]) }), null);
    assert.equal(findingOf(signature, { a: spec([2, 3]), b: spec([2, 3]) }), null);
    assert.equal(
      findingOf(signature, { a: spec([2, 3]), b: spec([6]) }),
      "b has the shape [6] but must have [2, 3]",
    );
    assert.equal(
      findingOf(signature, { a: spec([2], "bf16"), b: spec([2]) }),
      "b is f32 but must be bf16, as the other operands",
    );
    const rows = { inputs: [parseOperand("dy", "float [..., C]"), bias] };
    assert.equal(findingOf(rows, { dy: spec([7, 3]), bias: spec([3]) }), null);
    assert.equal(findingOf(rows, { dy: spec([]) }), "dy has the shape [] but must have [..., C]");
  });

  test("names an attribute that is missing, unknown or outside its range", () => {
    const { attrs } = opsByName.get("maxPool2d")!;
    const good = { kernel: 3, stride: 1, padding: 0 };
    assert.equal(findingOf({ attrs }, {}, good), null);
    assert.equal(
      findingOf({ attrs }, {}, { kernel: 3, stride: 1 }),
      "the attribute padding is missing",
    );
    assert.equal(
      findingOf({ attrs }, {}, { ...good, step: 1 }),
      "there is no attribute called step",
    );
    for (const kernel of [0, 17, 2.5, NaN, "3", [3]]) {
      const message = "the attribute kernel must be an integer from 1 to 16";
      assert.equal(findingOf({ attrs }, {}, { ...good, kernel }), message);
    }
  });

  test("compares sizes among the attributes with the operands", () => {
    const sized = { inputs: [image], attrs: { imageSize: sizes("H", "W") } };
    const x = spec([4, 5, 2, 3]);
    assert.equal(findingOf(sized, { x }, { imageSize: [4, 5] }), null);
    const wrong = [[5, 4], [4], [4, 5, 6], 4, "4,5"];
    for (const imageSize of wrong) {
      const message = "the attribute imageSize must be [4, 5]";
      assert.equal(findingOf(sized, { x }, { imageSize }), message);
    }
    const whole = { inputs: [parseOperand("y", "f32 [...]")], attrs: { shape: wholeShape } };
    assert.equal(findingOf(whole, { y: spec([2, 3]) }, { shape: [2, 3] }), null);
    assert.equal(
      findingOf(whole, { y: spec([2, 3]) }, { shape: [6] }),
      "the attribute shape must be [2, 3]",
    );
  });
});
