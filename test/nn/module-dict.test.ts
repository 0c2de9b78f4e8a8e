import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Tensor } from "../../src/graph/tensor.js";
import { Linear } from "../../src/nn/linear.js";
import { Module } from "../../src/nn/module.js";
import { ModuleDict } from "../../src/nn/module-dict.js";
import { add } from "../../src/ops/add.js";
import { hostArray } from "../../src/tensor/host-array.js";
import { forward } from "../../src/train/forward.js";

class TwoHeads extends Module {
  readonly heads = new ModuleDict({ colour: new Linear(2, 1), shape: new Linear(2, 1) });
  protected override forward(x: Tensor): Tensor {
    return add(this.heads.get("colour").call(x), this.heads.get("shape").call(x));
  }
}

describe("a dictionary of modules", () => {
  test("has PyTorch's names, and its modules compute", async () => {
    const net = new TwoHeads();
    // list(net.state_dict()) with nn.ModuleDict({"colour": nn.Linear(2, 1), "shape": nn.Linear(2, 1)})
    const names = [
      "heads.colour.weight",
      "heads.colour.bias",
      "heads.shape.weight",
      "heads.shape.bias",
    ];
    assert.deepEqual([...net.stateDict().keys()], names);
    const values = [[1, 2], [3], [10, 20], [30]];
    const shapes = [[1, 2], [1], [1, 2], [1]];
    net.loadStateDict(new Map(names.map((name, i) => [name, hostArray(shapes[i]!, values[i]!)])));
    // (1·5 + 2·7 + 3) + (10·5 + 20·7 + 30) = 242
    assert.deepEqual([...(await forward(net, hostArray([1, 2], [5, 7]))).data], [242]);
    assert.equal(
      String(net),
      "TwoHeads(\n  (heads): ModuleDict(\n    (colour): Linear(2, 1)\n    (shape): Linear(2, 1)\n  )\n)",
    );
  });

  test("refuses what it could not keep or does not have", async () => {
    const linear = new Linear(2, 1);
    for (const name of ["a.b", "", "get", "forward", "constructor"]) {
      assert.throws(() => new ModuleDict({ [name]: linear }), {
        message: `ModuleDict: "${name}" cannot be the name of a module: take one without a dot that no method has`,
      });
    }
    assert.throws(() => new ModuleDict({ a: 3 as never }), {
      message: "ModuleDict: a is a number, but it must be a Module",
    });
    assert.throws(() => new TwoHeads().heads.get("color" as never), {
      code: "ERR_ARGUMENT",
      message:
        'ModuleDict has no module "color" (did you mean colour?): its modules are colour, shape',
    });
    await assert.rejects(forward(new TwoHeads().heads, hostArray([1, 2])), { code: "ERR_MODULE" });
  });
});
