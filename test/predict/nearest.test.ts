import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { imageNetClasses } from "../../src/data/catalog/imagenet.js";
import { nearest } from "../../src/predict/nearest.js";
import { likeliest } from "../../src/predict/predict.js";
import { hostArray } from "../../src/tensor/host-array.js";

const features = (image: string, ...values: number[]) => ({
  image,
  values: hostArray([values.length], values),
});

describe("nearest", () => {
  test("sorts by direction, not by length", () => {
    const others = [
      features("away", -1, -1),
      features("none", 0, 0),
      features("near", 10, 11),
      features("right", 1, 0),
    ];
    const found = nearest(hostArray([2], [2, 2]), others, 3);
    assert.deepEqual(
      found.map(({ image, similarity }) => [image, similarity.toFixed(4)]),
      [
        ["near", "0.9989"],
        ["right", "0.7071"],
        ["none", "0.0000"],
      ],
    );
  });
});

describe("likeliest", () => {
  test("is the softmax, of equal logits the first", () => {
    assert.deepEqual(likeliest([1000, 0, 1000], ["a", "b", "c"], 2), [
      { label: "a", index: 0, probability: 0.5 },
      { label: "c", index: 2, probability: 0.5 },
    ]);
  });
});

test("ImageNet's classes: a thousand, none twice, in the published order", () => {
  assert.equal(imageNetClasses.length, 1000);
  assert.equal(new Set(imageNetClasses).size, 1000);
  const known = { 0: "tench", 207: "golden retriever", 281: "tabby", 309: "bee", 310: "ant" };
  for (const [index, name] of Object.entries(known))
    assert.equal(imageNetClasses[Number(index)], name);
  assert.equal(imageNetClasses[999], "toilet tissue");
});
