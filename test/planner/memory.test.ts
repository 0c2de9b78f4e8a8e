import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { planMemory, type Lifetime } from "../../src/planner/memory.js";
import { hostTraits } from "../../src/program/traits.js";
import { randomKey, uniform } from "../../src/tensor/random.js";

const { alignment } = hostTraits;

const roundUp = (bytes: number): number => Math.ceil(bytes / alignment) * alignment;

function randomLifetimes(seed: number): Lifetime[] {
  const key = randomKey(seed, "lifetimes");
  let count = 0;
  const below = (n: number): number => Math.floor(uniform(key, count++) * n);
  return Array.from({ length: 1 + below(40) }, () => {
    const first = below(30);
    // Sizes over four orders of magnitude, many of them equal, most no multiple of the alignment.
    return { bytes: 1 + below(10 ** (1 + below(4))), first, last: first + below(1 + below(12)) };
  });
}

describe("planMemory", () => {
  test("1000 random plans: aligned, within the arena, and nothing alive overlaps", () => {
    for (let seed = 0; seed < 1000; seed++) {
      const lifetimes = randomLifetimes(seed);
      const { offsets, arenaBytes } = planMemory(lifetimes, alignment);
      assert.equal(offsets.length, lifetimes.length);
      lifetimes.forEach((a, i) => {
        assert.equal(offsets[i]! % alignment, 0, `seed ${seed}: value ${i} is aligned`);
        assert.ok(offsets[i]! >= 0 && offsets[i]! + a.bytes <= arenaBytes, `seed ${seed}: ${i}`);
        for (let j = 0; j < i; j++) {
          const b = lifetimes[j]!;
          const together = a.first <= b.last && b.first <= a.last;
          const overlap =
            offsets[i]! < offsets[j]! + b.bytes && offsets[j]! < offsets[i]! + a.bytes;
          assert.ok(!(together && overlap), `seed ${seed}: values ${i} and ${j} overlap`);
        }
      });
    }
  });

  test("the arena is never larger than the sum, nor smaller than what is alive at once", () => {
    for (let seed = 0; seed < 1000; seed++) {
      const lifetimes = randomLifetimes(seed);
      const { arenaBytes } = planMemory(lifetimes, alignment);
      const sum = lifetimes.reduce((total, { bytes }) => total + roundUp(bytes), 0);
      const aliveAt = (time: number): number =>
        lifetimes
          .filter(({ first, last }) => first <= time && time <= last)
          .reduce((total, { bytes }) => total + roundUp(bytes), 0);
      const most = Math.max(...Array.from({ length: 50 }, (_, time) => aliveAt(time)));
      assert.ok(arenaBytes <= sum, `seed ${seed}: ${arenaBytes} of ${sum}`);
      assert.ok(arenaBytes >= most, `seed ${seed}: ${arenaBytes} for ${most}`);
    }
  });

  test("no value lies across a cut of the arena, nor over another that lives", () => {
    const segment = 16384; // the largest value takes 10,000 bytes
    let cuts = 0;
    for (let seed = 0; seed < 300; seed++) {
      const lifetimes = randomLifetimes(seed);
      const { offsets, arenaBytes } = planMemory(lifetimes, alignment, segment);
      if (arenaBytes > segment) cuts++;
      lifetimes.forEach((a, i) => {
        const within = (offsets[i]! % segment) + roundUp(a.bytes);
        assert.ok(within <= segment, `seed ${seed}: value ${i} ends at ${within}`);
        for (const [j, b] of lifetimes.entries()) {
          const together = j !== i && a.first <= b.last && b.first <= a.last;
          const isOver = offsets[i]! < offsets[j]! + b.bytes && offsets[j]! < offsets[i]! + a.bytes;
          assert.ok(!(together && isOver), `seed ${seed}: values ${i} and ${j} overlap`);
        }
      });
    }
    assert.ok(cuts > 50, `${cuts} arenas were cut`);
  });

  test("values that never live together share one place", () => {
    const lifetimes = [0, 1, 2].map((time) => ({ bytes: 100, first: time, last: time }));
    assert.deepEqual(planMemory(lifetimes, alignment), { offsets: [0, 0, 0], arenaBytes: 128 });
  });

  test("the last instruction of one and the first of the next are together", () => {
    const lifetimes = [
      { bytes: 64, first: 0, last: 1 },
      { bytes: 64, first: 1, last: 2 },
    ];
    assert.deepEqual(planMemory(lifetimes, alignment), { offsets: [0, 64], arenaBytes: 128 });
  });

  test("a small value goes into a gap between large ones", () => {
    const lifetimes = [
      { bytes: 256, first: 0, last: 3 }, // at 0
      { bytes: 192, first: 0, last: 1 }, // at 256
      { bytes: 128, first: 1, last: 3 }, // at 448
      { bytes: 64, first: 2, last: 3 }, // at 256, where the second one was
    ];
    assert.deepEqual(planMemory(lifetimes, alignment).offsets, [0, 256, 448, 256]);
  });

  test("nothing needs nothing", () => {
    assert.deepEqual(planMemory([], alignment), { offsets: [], arenaBytes: 0 });
  });
});
