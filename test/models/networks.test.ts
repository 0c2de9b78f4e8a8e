// Whole networks against PyTorch: a training step with every gradient, then ten steps, then evaluation.
import { describe, test } from "node:test";
import { executorsUnderTest, reference } from "../helpers/executors.js";
import { NetworkRun } from "../helpers/network-run.js";

for (const executor of executorsUnderTest) {
  describe(`networks on ${executor.name}`, () => {
    for (const name of ["resnet50-narrow", "resnet18"]) {
      test(name, async (t) => {
        const running = executor.create();
        t.after(() => running.close());
        const run = await NetworkRun.start(name, running);
        await run.firstStep();
        // Plain loops take seconds for a step of ResNet-18: one is enough to see every gradient.
        if (executor !== reference || name !== "resnet18") await run.otherSteps();
      });
    }
  });
}
