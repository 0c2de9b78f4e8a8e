// Learning rates over time, against PyTorch's schedulers; tools/schedule_fixtures.py made the numbers.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { parseConfig } from "../../src/train/config/config.js";
import { findRecipe } from "../../src/train/recipes.js";
import { initialPlateau, nextPlateau } from "../../src/train/schedules/plateau.js";
import { scheduleForms, type ScheduleConfig } from "../../src/train/schedules/schedule-config.js";
import { createSchedule } from "../../src/train/schedules/schedule.js";
import { afterEpoch, startOfTraining } from "../../src/train/progress.js";
import { scheduleFixture } from "../helpers/fixtures.js";

const { peak, epochs, stepsPerEpoch, cases } = scheduleFixture();

const parse = (schedule: unknown): ScheduleConfig =>
  parseConfig({ ...findRecipe("fashion-resnet34").config, schedule }).schedule;

/** Rates are made of a few float64 operations each; PyTorch reaches most of them by multiplying step after step. */
function assertRates(rates: readonly number[], expected: readonly number[]): void {
  assert.equal(rates.length, expected.length);
  for (const [i, rate] of rates.entries()) {
    assert.ok(Math.abs(rate - expected[i]!) < 1e-14, `rate ${i}: ${rate}, not ${expected[i]}`);
  }
}

/** The metric of a loss. */
const watch = (name: string) => ({ name, better: "lower" as const });

describe("schedules against PyTorch", () => {
  for (const { schedule, rates, metrics } of cases) {
    const config = parse(schedule);
    test(JSON.stringify(schedule), () => {
      const share = createSchedule(config, epochs, stepsPerEpoch);
      if (!metrics) {
        assertRates(
          rates.map((_, step) => peak * share(step)),
          rates,
        );
        return;
      }
      assert.ok(config.kind === "plateau");
      let state = initialPlateau;
      const after = metrics.map((metric) => {
        state = nextPlateau(state, config.metric === "validAccuracy" ? -metric : metric, config);
        return peak * share(1000, state);
      });
      assertRates(after, rates);
    });
  }
});

describe("a schedule", () => {
  test("that is constant is 1 throughout", () => {
    const schedule = createSchedule(parse("constant"), epochs, stepsPerEpoch);
    assert.deepEqual(
      [0, 7, 41].map((step) => schedule(step)),
      [1, 1, 1],
    );
  });

  test("that falls more often than there are steps falls at each", () => {
    const schedule = createSchedule(parse("step:0.01:0.5"), 1, 10);
    assert.deepEqual(
      [0, 1, 2].map((step) => schedule(step)),
      [1, 0.5, 0.25],
    );
  });

  test("in short form is the same as data", () => {
    const warmup = 0;
    const forms: Readonly<Record<string, object>> = {
      constant: { kind: "constant", warmup },
      cosine: { kind: "cosine", floor: 0, warmup },
      "cosine:5": { kind: "cosine", floor: 0, warmup: 5 },
      "step:10:0.1": { kind: "step", every: 10, factor: 0.1, warmup },
      "step:10": { kind: "step", every: 10, factor: 0.1, warmup }, // what is left out is PyTorch's default
      "multi-step:2,4": { kind: "multi-step", milestones: [2, 4], factor: 0.1, warmup },
      polynomial: { kind: "polynomial", power: 1, warmup },
      "step:30:.5": { kind: "step", every: 30, factor: 0.5, warmup },
      "multi-step:81.5,122:0.1": {
        kind: "multi-step",
        milestones: [81.5, 122],
        factor: 0.1,
        warmup,
      },
      "exponential:0.97": { kind: "exponential", factor: 0.97, warmup },
      "polynomial:2": { kind: "polynomial", power: 2, warmup },
      "one-cycle:0.2": {
        kind: "one-cycle",
        rise: 0.2,
        startDivisor: 25,
        endDivisor: 10_000,
        anneal: "cosine",
        warmup,
      },
      "cosine:10%": { kind: "cosine", floor: 0, warmup: "10%" },
      "warmup:0.5%+multi-step:50%,75.5%,9": {
        kind: "multi-step",
        milestones: ["50%", "75.5%", 9],
        factor: 0.1,
        warmup: "0.5%",
      },
      "warmup:2.5+step:10:1": { kind: "step", every: 10, factor: 1, warmup: 2.5 },
      "warmup:3+plateau:4:0.5": {
        kind: "plateau",
        metric: "validLoss",
        factor: 0.5,
        patience: 4,
        threshold: 1e-4,
        cooldown: 0,
        floor: 0,
        warmup: 3,
      },
    };
    for (const [form, data] of Object.entries(forms)) {
      assert.deepEqual(parse(form), data);
      assert.deepEqual(parse(data), data);
    }
  });

  test("that is none lists the forms there are", () => {
    const wrong = ["", "linear", "step", "step:0:0.1", "step:10:2", "step:", "step:10:0.1:3"];
    wrong.push("cosine ", "cosine:", "step::0.1", "multi-step:3,:0.1", "step:10%:10%");
    wrong.push("cosine:101%", "cosine:-5%", "step:0%", "step:%", "step:1e1%", "one-cycle:30%");
    wrong.push("warmup:+cosine", "warmup:5", "constructor", "plateau:1.5:0.1");
    for (const schedule of wrong) {
      assert.throws(() => parse(schedule), {
        code: "ERR_CONFIG",
        message: `the training set-up is off: schedule is ${JSON.stringify(schedule)}: choose ${scheduleForms}`,
      });
    }
  });

  test("as data names the field that is off", () => {
    const finding = (schedule: object, message: RegExp): void =>
      assert.throws(() => parse(schedule), { code: "ERR_CONFIG", message });
    finding(
      { kind: "step", every: 0, factor: 0.1 },
      /schedule\.every is 0: expected more than 0: a number of epochs, or a share of the training up to "100%"/,
    );
    finding({ kind: "exponential" }, /schedule\.factor is missing: expected a number/);
    finding({ kind: "cosine", warmup: "110%" }, /schedule\.warmup is "110%": expected 0 or more: /);
    finding({ kind: "linear" }, /schedule\.kind is "linear": expected "constant", "step", /);
    finding({ kind: "cosine", warmUp: 3 }, /there is no field "warmUp"/);
  });

  test("that watches a metric learns from each epoch's, and keeps a state that JSON keeps", () => {
    const plateau = parse("plateau:0:0.5");
    const metrics = { validLoss: 1, validAccuracy: 0.5, trainLoss: 1 };
    let progress = startOfTraining;
    const shares = [1, 0.9, 0.95, 0.9, 0.8].map((validLoss) => {
      const settings = { schedule: plateau, epochs: 5, earlyStopping: null };
      progress = afterEpoch(progress, { ...metrics, validLoss } as never, settings, watch);
      progress = JSON.parse(JSON.stringify(progress)) as typeof progress;
      return progress.plateau.share;
    });
    assert.deepEqual(shares, [1, 1, 0.5, 0.25, 0.25]);
    assert.equal(progress.epoch, 5);
  });

  test("warms up to where it begins, also where the warm-up is all of the training or more", () => {
    const beginnings = { "one-cycle": 1 / 25 };
    for (const form of ["constant", "cosine", "polynomial", "one-cycle", "plateau", "step:1"]) {
      for (const epochs of [1, 2, 3]) {
        const schedule = createSchedule(parse(`warmup:2+${form}`), epochs, 5);
        const rates = Array.from({ length: Math.min(2, epochs) * 5 }, (_, step) => schedule(step));
        const beginning = (beginnings as Record<string, number>)[form] ?? 1;
        assertRates(
          rates,
          rates.map((_, step) => ((step + 1) / 10) * beginning),
        );
      }
    }
  });

  test("falls at each milestone, in any order, twice where one is given twice, as in PyTorch", () => {
    const schedule = createSchedule(parse("multi-step:4,2,2:0.5"), 5, 1);
    assert.deepEqual(
      [0, 1, 2, 3, 4].map((step) => schedule(step)),
      [1, 1, 0.25, 0.25, 0.125],
    );
  });

  test("in shares of the training is the same in epochs", () => {
    const pairs = [
      ["cosine:10%", "cosine:2"],
      ["step:25%:0.5", "step:5:0.5"],
      ["warmup:5%+multi-step:50%,75%", "warmup:1+multi-step:10,15"],
      ["warmup:10%+exponential:0.9", "warmup:2+exponential:0.9"],
    ] as const;
    for (const [shares, lengths] of pairs) {
      const [one, other] = [shares, lengths].map((form) => createSchedule(parse(form), 20, 7));
      for (let step = 0; step < 140; step++) assert.equal(one!(step), other!(step));
    }
  });

  test("that watches a metric learns nothing from a warm-up that is a share of the training", () => {
    const schedule = parse("warmup:20%+plateau:0:0.5");
    const settings = { schedule, epochs: 10, earlyStopping: null };
    let progress = startOfTraining;
    const shares = Array.from({ length: 4 }, () => {
      progress = afterEpoch(progress, { validLoss: 1 } as never, settings, watch);
      return progress.plateau.share;
    });
    assert.deepEqual(shares, [1, 1, 1, 0.5]);
  });

  test("that watches a metric learns nothing from the epochs of its warm-up", () => {
    const settings = {
      schedule: parse("warmup:2.5+plateau:0:0.5"),
      epochs: 10,
      earlyStopping: null,
    };
    let progress = startOfTraining;
    const shares = Array.from({ length: 6 }, () => {
      progress = afterEpoch(progress, { validLoss: 1 } as never, settings, watch);
      return progress.plateau.share;
    });
    assert.deepEqual(shares, [1, 1, 1, 0.5, 0.25, 0.125]);
  });
});
