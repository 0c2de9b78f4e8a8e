import type { LoadedProgram } from "./executor.js";

interface Entry {
  readonly program: Promise<LoadedProgram>;
  /** Calls that have not ended. */
  users: number;
}

/** Loaded programs by key. Beyond `capacity`, those that were used longest ago are closed. */
export class ProgramCache {
  /** Least recently used first. */
  readonly #entries = new Map<string, Entry>();

  constructor(private readonly capacity: number) {}

  /**
   * Gives the program of a key to `work`, and keeps it open until that has ended, even beyond the capacity.
   *
   * @param load loads the program where it is not kept
   * @throws what `load` and `work` throw; a program that did not load is tried again by the next call
   */
  async use<Result>(
    key: string,
    load: () => Promise<LoadedProgram>,
    work: (program: LoadedProgram) => Promise<Result>,
  ): Promise<Result> {
    const entry = this.#entries.get(key) ?? this.#load(key, load);
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    entry.users++;
    try {
      await this.#closeUnused();
      return await work(await entry.program);
    } finally {
      entry.users--;
    }
  }

  #load(key: string, load: () => Promise<LoadedProgram>): Entry {
    const entry: Entry = { program: load(), users: 0 };
    entry.program.catch(() => {
      if (this.#entries.get(key) === entry) this.#entries.delete(key);
    });
    return entry;
  }

  async #closeUnused(): Promise<void> {
    for (const [key, { program, users }] of this.#entries) {
      if (this.#entries.size <= this.capacity) return;
      if (users > 0) continue;
      this.#entries.delete(key);
      await (await program).close();
    }
  }
}
