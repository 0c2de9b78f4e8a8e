import { readdir, rename, rm, rmdir } from "node:fs/promises";
import path from "node:path";
import { writeFileAtomically } from "../files/replace-file.js";
import type { Executor } from "../../executors/executor.js";
import type { ArraySource } from "../../interop/write-safetensors.js";
import { ResnetError } from "../../tensor/error.js";
import { writeCheckpoint } from "./checkpoint-file.js";
import type { CheckpointDescription } from "../../checkpoint/description.js";
import { parseConfig, type TrainConfig } from "../../train/config/config.js";
import type { LoggedStep } from "../../train/callbacks.js";
import type { EpochMetrics } from "../../train/metrics.js";
import { refused, whileHolding, whileReading, whileWriting, readJson } from "./run-files.js";
import { takeDirectory, type DirectoryLock } from "./lock-directory.js";
import { configFile, isEmpty, takeNewDirectory } from "./new-directory.js";
import type { TrainProgress } from "../../train/progress.js";
import { formatSteps, isLogged, readSteps } from "./step-log.js";
import { readTrainingState, writeTrainingState, type SavedTraining } from "./training-state.js";

const metricsFile = "metrics.jsonl";
const stepsFile = "steps.jsonl";
const stateFile = "resume.safetensors";
const previousStateFile = "resume.previous.safetensors";
const damagedStateFile = "resume.damaged.safetensors";

/** What a run keeps besides the arrays of an executor. */
export interface RunSnapshot {
  readonly description: Omit<CheckpointDescription, "epoch">;
  readonly progress: TrainProgress;
  /** Metrics of the epochs so far. */
  readonly epochs: readonly EpochMetrics[];
  /** Whether the last of them is the best, by the configuration's `bestMetric`. */
  readonly isBestEpoch: boolean;
  readonly executor: Executor;
  /** The weights to use: what is validated, tested, and written for others. */
  readonly weights: ArraySource;
}

/** The directory of one training: what it was asked for, how it went, and the weights. One process has it at a time. */
export class RunDirectory {
  private epochsSaved: number;
  private hasState: boolean;
  /** Names of the files that this process wrote, besides weights and states. */
  private readonly written = new Set<string>();

  private constructor(
    readonly directory: string,
    private readonly lock: DirectoryLock,
    private readonly isNew: boolean,
    /** What `config.json` says; null before `begin`. */
    public config: TrainConfig | null,
    /** Where an earlier process left the training; null if it saved nothing. */
    readonly saved: SavedTraining | null,
    private logged: readonly LoggedStep[] = [],
  ) {
    this.epochsSaved = saved?.epochs.length ?? 0;
    this.hasState = saved !== null;
  }

  /**
   * Makes the directory, and takes it for this process.
   *
   * @throws {ResnetError} `ERR_RUN_DIRECTORY` if it holds anything already, or cannot be made: nothing is overwritten
   */
  static async create(directory: string): Promise<RunDirectory> {
    return new RunDirectory(directory, await takeNewDirectory(directory), true, null, null);
  }

  /**
   * Takes a run that an earlier process began, to go on with it. What that process left half-written is removed.
   *
   * @param onNotice hears if the newest training state is damaged and the one before it is taken
   * @throws {ResnetError} `ERR_RUN_DIRECTORY` if there is no run or it saved no training state; `ERR_CONFIG`;
   *   `ERR_CHECKPOINT` if both training states are damaged
   */
  static open(directory: string, onNotice: (notice: string) => void): Promise<RunDirectory> {
    return whileWriting(directory, async () => {
      const file = path.join(directory, configFile);
      if ((await readJson(file)) === undefined) {
        const finding = `there is no run in ${directory} to resume: it has no ${configFile}`;
        const isFree = await isEmpty(directory);
        throw refused(isFree ? `${finding}; start one with --out ${directory}` : finding);
      }
      return takeDirectory(directory, async (lock) => {
        // Not what was read before: the process that had the directory until now may have changed it.
        const config = parseConfig(await readJson(file));
        const saved = await newestState(directory, onNotice);
        const logged = saved
          ? await readSteps(path.join(directory, stepsFile), saved.progress)
          : [];
        return new RunDirectory(directory, lock, false, config, saved, logged);
      });
    });
  }

  /** Whole epochs that can be resumed from. */
  get savedEpochs(): number {
    return this.epochsSaved;
  }

  /** Where the training stood after some of its steps so far. */
  get steps(): readonly LoggedStep[] {
    return this.logged;
  }

  /** Whether there is something on disk to go on from. */
  get canResume(): boolean {
    return this.hasState;
  }

  /** Writes `config.json`: for the run that begins now, or goes on with another number of epochs. */
  async begin(config: TrainConfig): Promise<void> {
    await this.write(configFile, `${JSON.stringify(config, null, 2)}\n`);
    this.config = config;
  }

  /** Takes note of a step, if it is one of those that charts show; the next state that is saved has it with it. */
  logStep(step: LoggedStep): void {
    if (this.config && isLogged(step, this.config.epochs)) this.logged = [...this.logged, step];
  }

  /**
   * Writes `resume.safetensors`, from which the training can go on. The one before it is kept until the next is whole, as
   * `resume.previous.safetensors`.
   */
  async saveState({ description, progress, epochs, executor }: RunSnapshot): Promise<void> {
    const { config } = this;
    if (!config) throw new Error("begin the run before saving it");
    const record = { config, description, executor: executor.description, progress, epochs };
    await this.write(stepsFile, formatSteps(this.logged)); // first: a state never knows more steps
    return this.whileHolding(async () => {
      const keepAs = this.pathOf(previousStateFile);
      await writeTrainingState(this.pathOf(stateFile), record, executor, { keepAs });
      this.hasState = true;
      this.epochsSaved = epochs.length;
    });
  }

  /**
   * Writes the files that belong to the end of an epoch: `metrics.jsonl`, `last.safetensors`, `best.safetensors` after
   * the best one yet, and `epoch-005.safetensors` where each is kept. Does no harm a second time.
   */
  async publish(snapshot: RunSnapshot): Promise<void> {
    const { epochs, isBestEpoch } = snapshot;
    const lines = epochs.map((line) => `${JSON.stringify(line)}\n`);
    await this.write(metricsFile, lines.join(""));
    if (isBestEpoch) await this.saveWeights("best", snapshot);
    if (this.config?.keepEpochs) await this.saveWeights(epochName(epochs.length), snapshot);
    await this.saveWeights("last", snapshot);
  }

  /** Writes `last.safetensors` or one of its kind: weights for evaluation and for other programs. */
  saveWeights(
    name: "last" | "best" | `epoch-${string}`,
    { description, progress, epochs, weights }: RunSnapshot,
  ): Promise<void> {
    const file = this.pathOf(`${name}.safetensors`);
    const { step } = progress;
    const trained = { epoch: epochs.length, ...(step > 0 && { step }) };
    return this.whileHolding(() => writeCheckpoint(file, { ...description, ...trained }, weights));
  }

  /** Writes a file of the run, whole or not at all. */
  write(name: string, contents: string | Uint8Array): Promise<void> {
    return this.whileHolding(async () => {
      await writeFileAtomically(this.pathOf(name), contents);
      this.written.add(name);
    });
  }

  /**
   * Gives the directory free. One that this process made, and in which it saved no training state, is removed, unless
   * somebody else put something there.
   */
  async close(): Promise<void> {
    const isInTheWay = this.isNew && !this.hasState && (await this.lock.isHeld());
    if (isInTheWay) for (const name of this.written) await rm(this.pathOf(name), { force: true });
    await this.lock.release();
    if (isInTheWay) await rmdir(this.directory).catch(() => {});
  }

  private async whileHolding<Result>(write: () => Promise<Result>): Promise<Result> {
    if (!(await this.lock.isHeld())) this.hasState = false;
    return whileHolding(this.directory, this.lock, write);
  }

  private pathOf(name: string): string {
    return path.join(this.directory, name);
  }
}

/** Names sort as the epochs do, up to the 999th. */
const epochName = (epoch: number): `epoch-${string}` => `epoch-${String(epoch).padStart(3, "0")}`;

async function newestState(
  directory: string,
  onNotice: (notice: string) => void,
): Promise<SavedTraining | null> {
  const names = await whileReading(directory, () => readdir(directory));
  const [newest, previous] = [stateFile, previousStateFile].filter((name) => names.includes(name));
  if (newest === undefined) {
    if (!names.includes(metricsFile)) return null; // killed before it saved anything: it begins anew
    throw refused(`${directory} has no ${stateFile}: the training cannot be resumed`);
  }
  try {
    return await readTrainingState(path.join(directory, newest));
  } catch (error) {
    if (previous === undefined || !isDamaged(error)) throw error;
    onNotice(
      `${error.message}; going on from the one before it, ${previous}; it is kept as ${damagedStateFile}`,
    );
    const saved = await readTrainingState(path.join(directory, previous));
    // The next save keeps what stands in the newest's place as the previous one: that must not be the damaged file.
    await rename(path.join(directory, newest), path.join(directory, damagedStateFile));
    return saved;
  }
}

/** Whether a file is not what was written, rather than one that this process may not read. */
function isDamaged(error: unknown): error is ResnetError {
  if (!(error instanceof ResnetError)) return false;
  const { errno, code } = (error.cause ?? {}) as NodeJS.ErrnoException;
  return errno === undefined || code === "EIO";
}
