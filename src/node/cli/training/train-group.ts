import path from "node:path";
import { errorChart, gradientChart, type ChartWords } from "../../../report/training-charts.js";
import { formatTable } from "../../../report/format.js";
import type { Callback } from "../../../train/callbacks.js";
import { validationName, type TrainConfig } from "../../../train/config/config.js";
import { gradientNorms } from "../../../train/gradient-norms.js";
import type { Training } from "../../../train/training.js";
import { writeModelState } from "../../../checkpoint/model-state.js";
import { writeFileAtomically } from "../../files/replace-file.js";
import { renderPng } from "../../report/picture.js";
import { firstWeights } from "../../runs/first-weights.js";
import { configFile } from "../../runs/new-directory.js";
import { readJson } from "../../runs/run-files.js";
import { RunDirectory } from "../../runs/run-directory.js";
import { sayStopped, trainOne, type TrainedRun, type TrainOneOptions } from "./train-one.js";

/** Configurations of the trainings of a group, in order, by the names of their run directories. */
export type Trainings = ReadonlyMap<string, TrainConfig>;

interface Trained extends TrainedRun {
  /** Norm of the gradient in each layer before the first step. */
  readonly norms: ReadonlyMap<string, number>;
}

/**
 * Trains a group of runs, one after the other, each in a run directory of its own below `directory`, and compares them
 * there. A run that an earlier process finished is only tested again. Ends early if the user stops it.
 */
export async function trainGroup(
  directory: string,
  trainings: Trainings,
  options: Omit<TrainOneOptions, "giveUp" | "callbacks">,
): Promise<void> {
  const { output } = options;
  const done = new Map<string, Trained>();
  for (const [name, config] of trainings) {
    output.say(`\n${name} (${done.size + 1} of ${trainings.size})`);
    const trained = await trainMember(path.join(directory, name), config, options);
    if (!trained) return;
    done.set(name, trained);
    await writeCharts(directory, done, {
      about: `${path.basename(config.data)}, run ${path.basename(path.resolve(directory))}`,
      validation: validationName(config),
    });
    if (trained.isStopped && done.size < trainings.size) {
      sayStopped(`after ${name} (${done.size} of ${trainings.size})`, options);
      return;
    }
  }
  const text = tableOf(done);
  await writeFileAtomically(path.join(directory, "comparison.txt"), text);
  const documents = [...done].map(([name, { document, parameters, norms }]) => [
    name,
    { ...document, parameters, gradientNorms: Object.fromEntries(norms) },
  ]);
  output.result(
    { run: directory, trainings: Object.fromEntries(documents) },
    `\n${text}\n${directory}: a run directory of each, error and gradients as charts`,
  );
}

async function trainMember(
  directory: string,
  config: TrainConfig,
  options: Omit<TrainOneOptions, "giveUp" | "callbacks">,
): Promise<Trained | null> {
  const isBegun = (await readJson(path.join(directory, configFile))) !== undefined;
  const run = isBegun
    ? await RunDirectory.open(directory, (notice) => options.output.notice(notice))
    : await RunDirectory.create(directory);
  try {
    const start = new NormsAtStart();
    const giveUp = (): Promise<void> => run.close();
    const trained = await trainOne(run, config, { ...options, giveUp, callbacks: [start] });
    return trained && { ...trained, norms: start.norms };
  } finally {
    await run.close();
  }
}

/** Measures the gradients of the first weights, on the first validation images, which are not augmented. */
class NormsAtStart implements Callback {
  norms: ReadonlyMap<string, number> = new Map();

  async onSetUp({ session, config, valid, classes }: Training): Promise<void> {
    const { executor, model } = session;
    await writeModelState(executor, model, (await firstWeights(model, config, classes)).state);
    this.norms = await gradientNorms(executor, model, valid, config.batch);
  }
}

async function writeCharts(
  directory: string,
  done: ReadonlyMap<string, Trained>,
  words: ChartWords,
): Promise<void> {
  const pick = <T>(value: (trained: Trained) => T): ReadonlyMap<string, T> =>
    new Map([...done].map(([name, trained]) => [name, value(trained)]));
  const charts = {
    error: errorChart(
      pick(({ epochs }) => epochs),
      words,
    ),
    gradients: gradientChart(
      pick(({ norms }) => norms),
      words,
    ),
  };
  for (const [name, chart] of Object.entries(charts)) {
    await writeFileAtomically(path.join(directory, `${name}.svg`), chart.svg);
    await writeFileAtomically(path.join(directory, `${name}.png`), await renderPng(chart));
  }
}

function tableOf(done: ReadonlyMap<string, Trained>): string {
  const rows = [...done].map(([name, { epochs, test, parameters }]) => {
    const { trainLoss = NaN, trainAccuracy = NaN } = epochs.at(-1) ?? {};
    const seconds = epochs.reduce((sum, epoch) => sum + epoch.seconds, 0);
    return [
      name,
      parameters.toLocaleString("en-US"),
      trainLoss.toFixed(4),
      percent(1 - trainAccuracy),
      percent(1 - test.accuracy),
      `${seconds.toFixed(0)} s`,
    ];
  });
  const headings = ["", "parameters", "train loss", "train error", "test error", "time"];
  return formatTable([headings, ...rows])
    .map((line) => `${line}\n`)
    .join("");
}

const percent = (fraction: number): string => `${(100 * fraction).toFixed(2)} %`;
