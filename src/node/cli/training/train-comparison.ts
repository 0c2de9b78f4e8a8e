import { errorChart, gradientChart } from "../../../report/comparison-charts.js";
import type { Executor } from "../../../executors/executor.js";
import { formatTable } from "../../../report/format-table.js";
import { countParameters } from "../../../report/model-summary.js";
import { renderPng } from "../../report/render-png.js";
import { validationName } from "../../../train/config/config.js";
import type { EpochMetrics } from "../../../train/epoch-metrics.js";
import type { Evaluation } from "../../../train/evaluate.js";
import { firstWeights } from "../../../train/weights/first-weights.js";
import { gradientNorms } from "../../../train/steps/gradient-norms.js";
import { writeModelState } from "../../../train/weights/model-state.js";
import type { ComparisonDirectory } from "../../runs/comparison-directory.js";
import { checkSaved } from "./resume.js";
import type { ImageSources } from "../../../train/sources/image-sources.js";
import type { TrainJob } from "./train-job.js";
import { sayStopped, trainOne, type TrainOneOptions } from "./train-one.js";

/** What is compared of a training. */
interface Compared {
  readonly epochs: readonly EpochMetrics[];
  readonly norms: ReadonlyMap<string, number>;
  readonly test: Evaluation;
  readonly parameters: number;
  readonly document: object;
  readonly isStopped: boolean;
}

/**
 * Trains what a recipe compares, one after the other, and draws them together. What an earlier process has finished is
 * only tested again. Ends early if the user stops it.
 */
export async function compareTrainings(
  comparison: ComparisonDirectory,
  options: TrainOneOptions,
): Promise<void> {
  const { directory, trainings } = comparison;
  const { output } = options;
  const done = new Map<string, Compared>();
  for (const name of trainings.keys()) {
    output.say(`\n${name} (${done.size + 1} of ${trainings.size})`);
    const trained = await trainPart(comparison, name, options);
    if (!trained) return;
    done.set(name, trained);
    await writeCharts(comparison, done);
    if (trained.isStopped && done.size < trainings.size) {
      sayStopped(`after ${name} (${done.size} of ${trainings.size})`, options);
      return;
    }
  }
  const text = tableOf(done);
  await comparison.write("comparison.txt", text);
  output.result(
    {
      run: directory,
      trainings: Object.fromEntries([...done].map(([name, { document }]) => [name, document])),
    },
    `\n${text}\n${directory}: a run directory of each, error and gradients as charts`,
  );
}

async function trainPart(
  comparison: ComparisonDirectory,
  name: string,
  options: TrainOneOptions,
): Promise<Compared | null> {
  const config = comparison.trainings.get(name)!;
  const run = await comparison.run(name, (notice) => options.output.notice(notice));
  try {
    checkSaved({ directory: run.directory, config, saved: run.saved });
    let norms: ReadonlyMap<string, number> = new Map();
    const before = async (...found: Parameters<typeof normsAtStart>): Promise<void> => {
      norms = await normsAtStart(...found);
    };
    const giveUp = async (): Promise<void> => {
      await run.close();
      await options.giveUp();
    };
    const trained = await trainOne(run, config, { ...options, giveUp, before });
    if (!trained) return null;
    const { job, test, isStopped } = trained;
    const parameters = countParameters(job.model);
    const gradients = Object.fromEntries(norms);
    const document = { ...trained.document, parameters, gradientNorms: gradients };
    return { epochs: run.epochs, norms, test, parameters, document, isStopped };
  } finally {
    await run.close();
  }
}

/** Of the first batch of the validation images: those are not augmented. */
async function normsAtStart(
  { config, model, parts }: TrainJob,
  executor: Executor,
  sources: ImageSources,
): Promise<ReadonlyMap<string, number>> {
  await writeModelState(executor, model, (await firstWeights(model, config)).state);
  return gradientNorms(executor, model, await sources.open("valid", parts.valid), config.batch);
}

async function writeCharts(
  comparison: ComparisonDirectory,
  done: ReadonlyMap<string, Compared>,
): Promise<void> {
  const [first] = comparison.trainings.values();
  const pick = <T>(value: (trained: Compared) => T): ReadonlyMap<string, T> =>
    new Map([...done].map(([name, trained]) => [name, value(trained)]));
  const charts = {
    error: errorChart(
      pick(({ epochs }) => epochs),
      validationName(first!),
    ),
    gradients: gradientChart(pick(({ norms }) => norms)),
  };
  for (const [name, svg] of Object.entries(charts)) {
    await comparison.write(`${name}.svg`, svg);
    await comparison.write(`${name}.png`, await renderPng(svg));
  }
}

function tableOf(done: ReadonlyMap<string, Compared>): string {
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

const percent = (share: number): string => `${(100 * share).toFixed(2)} %`;
