// Programs may come from files: whatever is in them, an executor refuses them with a code, or runs them.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { ReferenceExecutor } from "../../src/executors/reference/reference-executor.js";
import type { Program } from "../../src/program/program.js";
import { randomKey, uniform } from "../../src/tensor/random.js";
import { trainingStep } from "./native/sample-program.js";

const junk = [-1, 0, 3, 1e9, 2 ** 40, 0.5, NaN, "x", "relu", true, null, undefined, {}, [], [2, 2]];

/** Replaces or removes one random value of the program. */
function damage(program: Program, random: (n: number) => number): void {
  const places: [holder: Record<string, unknown>, key: string][] = [];
  const walk = (holder: Record<string, unknown>): void => {
    for (const [key, value] of Object.entries(holder)) {
      places.push([holder, key]);
      if (typeof value === "object" && value !== null) walk(value as Record<string, unknown>);
    }
  };
  walk(program as unknown as Record<string, unknown>);
  const [holder, key] = places[random(places.length)]!;
  if (random(4) === 0) delete holder[key];
  else holder[key] = junk[random(junk.length)];
}

describe("damaged programs, on the reference executor", () => {
  test("are refused with a code, or load", async () => {
    const key = randomKey(1, "damaged programs");
    let draw = 0;
    const random = (n: number): number => Math.floor(uniform(key, draw++) * n);
    await new ReferenceExecutor().load(trainingStep()); // the undamaged one loads
    let refused = 0;
    for (let round = 0; round < 2000; round++) {
      const program = structuredClone(trainingStep());
      damage(program, random);
      try {
        await new ReferenceExecutor().load(program);
      } catch (error) {
        const { code } = error as { readonly code?: string };
        assert.match(String(code), /^ERR_(PROGRAM|STATE|MEMORY)$/, String((error as Error).stack));
        refused++;
      }
    }
    assert.ok(refused > 1000, `${refused} of 2000 were refused`);
  });
});
