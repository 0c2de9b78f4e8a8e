import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { findStateDict } from "../../src/interop/torch/state-dict.js";
import { torchGlobals } from "../../src/interop/torch/torch-globals.js";
import { PickleDict } from "../../src/pickle/pickle-dict.js";
import { TorchTensor } from "../../src/interop/torch/torch-tensor.js";
import { unpickle } from "../../src/pickle/unpickle.js";

const dictOf = (entries: readonly (readonly [string, unknown])[]): PickleDict => {
  const dict = new PickleDict();
  for (const [key, value] of entries) dict.set(key, value, () => {});
  return dict;
};

const tensor = TorchTensor.of({ key: "0", type: "F32", start: 0, length: 1 }, 0, [1], [1]);

describe("findStateDict", () => {
  test("takes the weights, and not a tensor that was saved beside them", () => {
    const weights = dictOf([["fc.weight", tensor]]);
    const saved = dictOf([
      ["epoch", 3],
      ["best_acc1", tensor],
      ["state_dict", weights],
    ]);
    assert.deepEqual([...findStateDict(saved, "a.pth").tensors.keys()], ["fc.weight"]);
    assert.deepEqual([...findStateDict(weights, "a.pth").tensors.keys()], ["fc.weight"]);
  });
});

describe("OrderedDict", () => {
  test("is paid for each time, though made of one list", () => {
    const ascii = (text: string): number[] => [...Buffer.from(text, "latin1")];
    const pairs = Array.from({ length: 1000 }, () => ascii("K\x01K\x02\x86")).flat();
    const list = [...ascii("]("), ...pairs, ...ascii("eq\x00")]; // memo 0
    const dict = ascii("ccollections\nOrderedDict\nh\x00\x85R0"); // of the list in memo 0, and dropped
    const bytes = Uint8Array.from([
      ...ascii("\x80\x02"),
      ...list,
      ...Array.from({ length: 2000 }, () => dict).flat(),
      ...ascii("N."),
    ]);
    assert.throws(() => unpickle(bytes, { globals: torchGlobals }), { code: "ERR_PICKLE_LIMIT" });
  });
});
