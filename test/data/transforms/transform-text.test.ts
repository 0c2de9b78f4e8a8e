import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { formatTransforms, parseTransforms } from "../../../src/data/transforms/transform-text.js";

describe("transforms in a line", () => {
  test("an empty list is none", () => {
    assert.equal(formatTransforms([]), "none");
    for (const text of ["none", "", "  "]) assert.deepEqual(parseTransforms(text), []);
  });

  test("reads the first argument without its name, and fills in defaults", () => {
    assert.deepEqual(parseTransforms("resize(96)"), [
      { type: "resize", size: 96, interpolation: "bilinear" },
    ]);
    assert.deepEqual(parseTransforms(" resize( [96, 64],interpolation=bicubic )  resize(size=4)"), [
      { type: "resize", size: [96, 64], interpolation: "bicubic" },
      { type: "resize", size: 4, interpolation: "bilinear" },
    ]);
  });

  for (const text of ["resize(96)", "resize([96,64], interpolation=bicubic) resize(4)"]) {
    test(`prints what it read: ${text}`, () => {
      assert.equal(formatTransforms(parseTransforms(text)), text);
    });
  }

  for (const [text, message] of [
    ["rezise(96)", /^no transform is named rezise \(did you mean resize\?\); there are: resize/],
    ["resize(96", /^"resize\(96" does not read as transforms, such as "randomCrop/],
    ["resize(96)resize(4)", /^"resize\(96\)resize\(4\)" does not read/],
    ["resize(96, bicubic)", /^resize: "bicubic" lacks the name of its field$/],
    ["resize(0)", /^resize: size: expected a number of at least 1$/],
    ["resize", /^resize: size: expected a number or a list$/],
    ["resize(96, colour=red)", /^resize: there is no field "colour"$/],
  ] as const) {
    test(`refuses ${text}`, () => {
      assert.throws(() => parseTransforms(text), { code: "ERR_DATA_TRANSFORM", message });
    });
  }
});
