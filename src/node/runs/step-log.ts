import { readFile } from "node:fs/promises";
import { z } from "zod";
import type { LoggedStep, StepProgress } from "../../train/callbacks.js";
import type { TrainProgress } from "../../train/progress.js";
import { refused, whileReading } from "./run-files.js";

const schema = z.object({
  epoch: z.int().min(1),
  step: z.int().min(1),
  steps: z.int().min(1),
  loss: z.number(),
  accuracy: z.number(),
  learningRate: z.number(),
});

const [mostInEpoch, mostInRun] = [50, 500];

/**
 * Whether a step is recorded: steps at equal distances, no more than a chart can show. The last step of an epoch is
 * not recorded, since the epoch has its own metrics.
 */
export function isLogged(
  { step, steps }: Pick<StepProgress, "step" | "steps">,
  epochs: number,
): boolean {
  const parts = Math.max(1, Math.min(mostInEpoch, Math.floor(mostInRun / epochs)));
  const partOf = (done: number): number => Math.floor((done * parts) / steps);
  return step < steps && partOf(step) > partOf(step - 1);
}

export const formatSteps = (steps: readonly LoggedStep[]): string =>
  steps
    .map(({ epoch, step, steps: count, loss, accuracy, learningRate }) =>
      JSON.stringify({ epoch, step, steps: count, loss, accuracy, learningRate }),
    )
    .map((line) => `${line}\n`)
    .join("");

/**
 * The recorded steps up to the present position of a training; empty if there is no file, as in runs of earlier
 * versions.
 *
 * @throws {ResnetError} `ERR_RUN_DIRECTORY` if the file cannot be read, or is not such a log
 */
export async function readSteps(
  file: string,
  { epoch, step }: Pick<TrainProgress, "epoch" | "step">,
): Promise<readonly LoggedStep[]> {
  const text = await whileReading(file, () =>
    readFile(file, "utf8").catch((error: NodeJS.ErrnoException) => {
      if (error.code !== "ENOENT") throw error;
      return "";
    }),
  );
  const lines = text.split("\n").filter(Boolean);
  try {
    const all = lines.map((line) => schema.parse(JSON.parse(line)));
    return all.filter((at) => at.epoch <= epoch || (at.epoch === epoch + 1 && at.step <= step));
  } catch (error) {
    throw refused(
      `${file} is not a log of steps: remove it, and charts are drawn without it`,
      error,
    );
  }
}
