import { readdir, rm, rmdir } from "node:fs/promises";
import path from "node:path";
import { z } from "zod";
import { writeFileAtomically } from "../files/replace-file.js";
import { parseConfig, type TrainConfig } from "../../train/config/config.js";
import { RunDirectory } from "./run-directory.js";
import { refused, whileHolding, whileWriting } from "./run-error.js";
import { readJson } from "./read-json.js";
import { lockName, takeDirectory, type DirectoryLock } from "./lock-directory.js";
import { comparisonFile, configFile, takeNewDirectory } from "./new-directory.js";

/** The configurations of what is compared, in order, by the names of their run directories. */
export type Trainings = ReadonlyMap<string, TrainConfig>;

const schema = z.object({
  trainings: z.record(z.string().regex(/^[\w-]+$/), z.unknown().transform(parseConfig)),
});

/** The directory of a comparison: a run directory of each training, and what they are. One process has it at a time. */
export class ComparisonDirectory {
  private constructor(
    readonly directory: string,
    private readonly lock: DirectoryLock,
    /** What `comparison.json` says; empty before `begin`. */
    public trainings: Trainings,
    private readonly isNew: boolean,
  ) {}

  /** Makes the directory, and takes it for this process. @throws {ResnetError} as `RunDirectory.create` */
  static async create(directory: string): Promise<ComparisonDirectory> {
    return new ComparisonDirectory(directory, await takeNewDirectory(directory), new Map(), true);
  }

  /**
   * Takes a comparison that an earlier process began; null if that directory is none.
   *
   * @throws {ResnetError} `ERR_RUN_DIRECTORY` if its file does not say what is compared; `ERR_CONFIG`
   */
  static open(directory: string): Promise<ComparisonDirectory | null> {
    return whileWriting(directory, async () => {
      const file = path.join(directory, comparisonFile);
      if ((await readJson(file)) === undefined) return null;
      return takeDirectory(directory, async (lock) => {
        const { data } = schema.safeParse(await readJson(file)); // as the process before this one left it
        if (!data) throw refused(`${file} does not say what is compared`);
        return new ComparisonDirectory(
          directory,
          lock,
          new Map(Object.entries(data.trainings)),
          false,
        );
      });
    });
  }

  /**
   * Writes `comparison.json`: for the comparison that begins now, or goes on with more epochs.
   *
   * @throws {ResnetError} `ERR_RUN_DIRECTORY` if a training has gone on alone, to more epochs: it would be set back
   */
  async begin(trainings: Trainings): Promise<void> {
    await this.checkNoneIsFurther(trainings);
    const document = { trainings: Object.fromEntries(trainings) };
    await this.write(comparisonFile, `${JSON.stringify(document, null, 2)}\n`);
    this.trainings = trainings;
  }

  /** The run directory of a training: as an earlier process left it, or a new one. @throws as `RunDirectory` */
  async run(name: string, onNotice: (notice: string) => void): Promise<RunDirectory> {
    const directory = path.join(this.directory, name);
    const isBegun = (await readJson(path.join(directory, configFile))) !== undefined;
    return isBegun ? RunDirectory.open(directory, onNotice) : RunDirectory.create(directory);
  }

  /** Writes a file of the comparison, whole or not at all. */
  write(name: string, contents: string | Uint8Array): Promise<void> {
    const file = path.join(this.directory, name);
    return whileHolding(this.directory, this.lock, () => writeFileAtomically(file, contents));
  }

  /** Gives the directory free. One that this process made, and in which no training began, is removed. */
  async close(): Promise<void> {
    const isOurs = this.isNew && (await this.lock.isHeld());
    if (isOurs && (await this.isWithoutTrainings()))
      await rm(path.join(this.directory, comparisonFile), { force: true });
    await this.lock.release();
    if (isOurs) await rmdir(this.directory).catch(() => {}); // fails where there is something in it
  }

  private async checkNoneIsFurther(trainings: Trainings): Promise<void> {
    for (const [name, { epochs }] of trainings) {
      const begun = await readJson(path.join(this.directory, name, configFile));
      const own = begun === undefined ? 0 : parseConfig(begun).epochs;
      if (own > epochs) {
        throw refused(
          `${path.join(this.directory, name)} went on alone and has ${own} epochs, the comparison ${epochs}: ` +
            `go on with --resume ${this.directory} --epochs ${own}, which gives all of them as many`,
        );
      }
    }
  }

  private async isWithoutTrainings(): Promise<boolean> {
    const names = await readdir(this.directory);
    return names.every((name) => name === comparisonFile || name.startsWith(lockName));
  }
}
