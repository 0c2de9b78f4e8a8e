import path from "node:path";
import { writeFileAtomically } from "../data/files.js";
import type { Executor } from "../executors/executor.js";
import { errorChart, gradientChart } from "../report/comparison-charts.js";
import { countParameters } from "../report/model-summary.js";
import { renderPng } from "../report/render-png.js";
import { validationName, type TrainConfig } from "../train/config.js";
import type { EpochMetrics } from "../train/epoch-metrics.js";
import type { Evaluation } from "../train/evaluate.js";
import { gradientNorms } from "../train/gradient-norms.js";
import { initialState, writeModelState } from "../train/model-state.js";
import { RunDirectory } from "../train/run-directory.js";
import type { DataFlags } from "./options.js";
import type { Output } from "./output.js";
import { Sources } from "./sources.js";
import { prepareJob, type TrainJob } from "./train-job.js";
import { documentOf } from "./train-output.js";
import { runEpochs, testRun } from "./train-run.js";

export interface ComparisonOptions {
  readonly trainings: ReadonlyMap<string, TrainConfig>;
  /** Where the run directories go, each under its training's name, and the charts. */
  readonly directory: string;
  readonly flags: DataFlags;
  readonly output: Output;
  readonly newExecutor: () => Executor;
}

interface Trained {
  readonly epochs: readonly EpochMetrics[];
  readonly norms: ReadonlyMap<string, number>;
  readonly test: Evaluation;
  readonly parameters: number;
  readonly document: object;
}

/** Trains what a recipe compares, one after the other, and draws them together. Ends early if the user stops it. */
export async function compareTrainings(options: ComparisonOptions): Promise<void> {
  const { trainings, directory, output } = options;
  const done = new Map<string, Trained>();
  for (const [name, config] of trainings) {
    output.say(`\n${name} (${done.size + 1} of ${trainings.size})`);
    const trained = await trainOne(name, config, options);
    if (!trained) return;
    done.set(name, trained);
    await writeCharts(directory, done, validationName(config));
  }
  const text = tableOf(done);
  await writeFileAtomically(path.join(directory, "comparison.txt"), text);
  output.result(
    {
      run: directory,
      trainings: Object.fromEntries([...done].map(([name, { document }]) => [name, document])),
    },
    `\n${text}\n${directory}: a run directory of each, error and gradients as charts`,
  );
}

async function trainOne(
  name: string,
  config: TrainConfig,
  { directory, flags, output, newExecutor }: ComparisonOptions,
): Promise<Trained | null> {
  const job = await prepareJob(config, flags, output);
  const executor = newExecutor();
  const sources = new Sources(executor, config, flags);
  const run = await RunDirectory.create(path.join(directory, name));
  try {
    const norms = await normsAtStart(job, executor, sources);
    const stopped = await runEpochs(job, run, executor, sources, output);
    if (stopped !== null) {
      output.notice(`stopped in ${name}; to go on with it: resnet train --resume ${run.directory}`);
      process.exitCode = stopped;
      return null;
    }
    const { test } = await testRun(job, executor, sources, run);
    const parameters = countParameters(job.model);
    const document = {
      ...documentOf(run, test),
      parameters,
      gradientNorms: Object.fromEntries(norms),
    };
    return { epochs: run.epochs, norms, test, parameters, document };
  } finally {
    await run.close();
    await sources.close();
    await executor.close();
  }
}

/** Of the first batch of the validation images: those are not augmented. */
function normsAtStart(
  { config, model, parts }: TrainJob,
  executor: Executor,
  sources: Sources,
): Promise<ReadonlyMap<string, number>> {
  writeModelState(executor, model, initialState(model, config.seed, config.initialisation));
  return gradientNorms(executor, model, sources.open("valid", parts.valid), config.batch);
}

async function writeCharts(
  directory: string,
  done: ReadonlyMap<string, Trained>,
  validation: string,
): Promise<void> {
  const pick = <T>(value: (trained: Trained) => T): ReadonlyMap<string, T> =>
    new Map([...done].map(([name, trained]) => [name, value(trained)]));
  const charts = {
    error: errorChart(
      pick(({ epochs }) => epochs),
      validation,
    ),
    gradients: gradientChart(pick(({ norms }) => norms)),
  };
  for (const [name, svg] of Object.entries(charts)) {
    await writeFileAtomically(path.join(directory, `${name}.svg`), svg);
    await writeFileAtomically(path.join(directory, `${name}.png`), await renderPng(svg));
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
  const widths = headings.map((heading, i) =>
    Math.max(heading.length, ...rows.map((row) => row[i]!.length)),
  );
  return [headings, ...rows]
    .map((row) =>
      row.map((cell, i) => (i === 0 ? cell.padEnd(widths[0]!) : cell.padStart(widths[i]!))),
    )
    .map((row) => `${row.join("  ").trimEnd()}\n`)
    .join("");
}

const percent = (share: number): string => `${(100 * share).toFixed(2)} %`;
