import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { didYouMean } from "../../src/tensor/did-you-mean.js";

describe("did you mean", () => {
  const models = ["resnet18", "resnet34", "resnet50", "cifar-resnet20", "wide_resnet50_2"];

  test("names what takes the fewest changes: a letter more, less, other, or swapped, in any case", () => {
    const likely: Readonly<Record<string, string>> = {
      resnet35: "resnet34",
      resnet3: "resnet34",
      "resnet-50": "resnet50",
      ResNet50: "resnet50",
      resent18: "resnet18",
      cifar_resnet20: "cifar-resnet20",
      wide_resnet50: "wide_resnet50_2",
      resnet: "resnet18, resnet34 or resnet50",
    };
    for (const [name, expected] of Object.entries(likely))
      assert.equal(didYouMean(name, models), ` (did you mean ${expected}?)`);
  });

  test("says nothing of another word, of a short one with too many changes, and where there are no names", () => {
    for (const name of ["vgg", "efficientnet", "", "a"])
      assert.equal(didYouMean(name, [...models, "ab1"]), "", name);
    assert.equal(didYouMean("resnet18", []), "");
  });

  test("names three at most", () => {
    const names = ["name1", "name2", "name3", "name4"];
    assert.equal(didYouMean("name0", names), " (did you mean name1, name2 or name3?)");
  });
});
