import { mkdir, readdir } from "node:fs/promises";
import path from "node:path";
import { writeSafetensors } from "../interop/write-safetensors.js";
import { ResnetError } from "../tensor/error.js";
import { checkpointMetadata, type CheckpointDescription } from "./checkpoint.js";
import type { TrainConfig } from "./config.js";
import type { EpochMetrics } from "./epoch-metrics.js";
import { writeFileAtomically } from "../data/files.js";
import type { ModelState } from "./model-state.js";

/** The directory of one training: what it was asked for, how it went, and the weights. */
export class RunDirectory {
  private readonly metrics: EpochMetrics[] = [];

  private constructor(readonly directory: string) {}

  /**
   * Makes the directory and writes `config.json`.
   *
   * @throws {ResnetError} `ERR_RUN_DIRECTORY` if it holds anything already, or cannot be made: nothing is overwritten
   */
  static async create(directory: string, config: TrainConfig): Promise<RunDirectory> {
    try {
      await mkdir(directory, { recursive: true });
      const entries = await readdir(directory);
      if (entries.length > 0) {
        throw new ResnetError(
          "ERR_RUN_DIRECTORY",
          `${directory} is not empty (${entries.slice(0, 3).join(", ")}${entries.length > 3 ? ", …" : ""}): name another directory with --out`,
        );
      }
      const run = new RunDirectory(directory);
      await run.write("config.json", `${JSON.stringify(config, null, 2)}\n`);
      return run;
    } catch (error) {
      if (error instanceof ResnetError) throw error;
      const { code } = error as NodeJS.ErrnoException;
      throw new ResnetError(
        "ERR_RUN_DIRECTORY",
        `${directory} cannot be written (${code ?? String(error)})`,
        { cause: error },
      );
    }
  }

  /** Metrics of the epochs so far. */
  get epochs(): readonly EpochMetrics[] {
    return this.metrics;
  }

  /** Adds a line to `metrics.jsonl`, writes `last.safetensors`, and `best.safetensors` after the best validation accuracy yet. */
  async saveEpoch(
    metrics: EpochMetrics,
    description: Omit<CheckpointDescription, "epoch">,
    state: ModelState,
  ): Promise<void> {
    const best = this.metrics.every(({ validAccuracy }) => metrics.validAccuracy > validAccuracy);
    this.metrics.push(metrics);
    await this.write(
      "metrics.jsonl",
      this.metrics.map((line) => `${JSON.stringify(line)}\n`).join(""),
    );
    const bytes = await this.saveLast({ ...description, epoch: metrics.epoch }, state);
    if (best) await this.write("best.safetensors", bytes);
  }

  /** Writes `last.safetensors`. @returns its bytes */
  async saveLast(description: CheckpointDescription, state: ModelState): Promise<Uint8Array> {
    const bytes = writeSafetensors(state, checkpointMetadata(description));
    await this.write("last.safetensors", bytes);
    return bytes;
  }

  /** Writes a file of the run, whole or not at all. */
  write(name: string, contents: string | Uint8Array): Promise<void> {
    return writeFileAtomically(path.join(this.directory, name), contents);
  }
}
