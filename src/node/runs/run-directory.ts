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
import { takeDirectory, type DirectoryLock } from "../files/lock-directory.js";
import { configFile, isEmpty, takeNewDirectory } from "./new-directory.js";
import type { TrainProgress } from "../../train/progress.js";
import { formatSteps, isLogged, readSteps } from "./step-log.js";
import { readTrainingState, writeTrainingState, type SavedTraining } from "./training-state.js";

const metricsFile = "metrics.jsonl";
const stepsFile = "steps.jsonl";
const stateFile = "resume.safetensors";
const previousStateFile = "resume.previous.safetensors";
const damagedStateFile = "resume.damaged.safetensors";

/** The state of a run besides the arrays of an executor. */
export interface RunSnapshot {
  readonly description: Omit<CheckpointDescription, "epoch">;
  readonly progress: TrainProgress;
  /** Metrics of the epochs so far. */
  readonly epochs: readonly EpochMetrics[];
  /** Whether the last of them is the best, by the configuration's `bestMetric`. */
  readonly isBestEpoch: boolean;
  readonly executor: Executor;
  /** The weights that are validated, tested and written to checkpoints. */
  readonly weights: ArraySource;
}

/** The directory of a training: configuration, metrics and weights. One process at a time has it locked. */
export class RunDirectory {
  private epochsSaved: number;
  private hasState: boolean;
  /** Names of the files that this process wrote, besides weights and states. */
  private readonly written = new Set<string>();

  private constructor(
    readonly directory: string,
    private readonly lock: DirectoryLock,
    private readonly isNew: boolean,
    /** The content of `config.json`; null before `begin`. */
    public config: TrainConfig | null,
    /** The saved state of an earlier process; null if there is none. */
    readonly saved: SavedTraining | null,
    private logged: readonly LoggedStep[] = [],
  ) {
    this.epochsSaved = saved?.epochs.length ?? 0;
    this.hasState = saved !== null;
  }

  /**
   * Makes the directory and locks it for this process.
   *
   * @throws {ResnetError} `ERR_RUN_DIRECTORY` if it is not empty or cannot be made: nothing is overwritten
   */
  static async create(directory: string): Promise<RunDirectory> {
    return new RunDirectory(directory, await takeNewDirectory(directory), true, null, null);
  }

  /**
   * Locks the run of an earlier process to resume it, and removes its incomplete files.
   *
   * @param onNotice called if the newest training state is damaged and the previous one is used
   * @throws {ResnetError} `ERR_RUN_DIRECTORY` if there is no run, or it has no training state; `ERR_CONFIG`;
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
        // Read again: the process that had the lock until now may have changed it.
        const config = parseConfig(await readJson(file));
        const saved = await newestState(directory, onNotice);
        const logged = saved
          ? await readSteps(path.join(directory, stepsFile), saved.progress)
          : [];
        return new RunDirectory(directory, lock, false, config, saved, logged);
      });
    });
  }

  /** Whole epochs in the saved state. */
  get savedEpochs(): number {
    return this.epochsSaved;
  }

  /** The state of the training after selected steps so far. */
  get steps(): readonly LoggedStep[] {
    return this.logged;
  }

  /** Whether there is a saved state to resume from. */
  get canResume(): boolean {
    return this.hasState;
  }

  /** Writes `config.json`, for a new run or a run that is resumed with another number of epochs. */
  async begin(config: TrainConfig): Promise<void> {
    await this.write(configFile, `${JSON.stringify(config, null, 2)}\n`);
    this.config = config;
  }

  /** Records a step if charts show it; the next saved state includes it. */
  logStep(step: LoggedStep): void {
    if (this.config && isLogged(step, this.config.epochs)) this.logged = [...this.logged, step];
  }

  /**
   * Writes `resume.safetensors`, from which the training can be resumed. The previous one is kept as
   * `resume.previous.safetensors` until the new one is complete.
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
   * Writes the files at the end of an epoch: `metrics.jsonl`, `last.safetensors`, `best.safetensors` after the
   * best epoch so far, and `epoch-005.safetensors` if all are kept. Calling it again writes the same files.
   */
  async publish(snapshot: RunSnapshot): Promise<void> {
    const { epochs, isBestEpoch } = snapshot;
    const lines = epochs.map((line) => `${JSON.stringify(line)}\n`);
    await this.write(metricsFile, lines.join(""));
    if (isBestEpoch) await this.saveWeights("best", snapshot);
    if (this.config?.keepEpochs) await this.saveWeights(epochName(epochs.length), snapshot);
    await this.saveWeights("last", snapshot);
  }

  /** Writes a checkpoint such as `last.safetensors`: weights for evaluation and for other programs. */
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
   * Releases the directory. It is removed if this process made it and saved no training state, unless it has other
   * files.
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

/** Sorting by name sorts by epoch, up to the 999th. */
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
    // The next save keeps the newest file as the previous one, which must not be the damaged file.
    await rename(path.join(directory, newest), path.join(directory, damagedStateFile));
    return saved;
  }
}

/** Whether an error means a damaged file, and not a file without permission to read. */
function isDamaged(error: unknown): error is ResnetError {
  if (!(error instanceof ResnetError)) return false;
  const { errno, code } = (error.cause ?? {}) as NodeJS.ErrnoException;
  return errno === undefined || code === "EIO";
}
