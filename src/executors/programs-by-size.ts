import type { Executor, LoadedProgram } from "./executor.js";
import type { Program } from "../program/program.js";

/** Programs that differ only in batch size, each planned and loaded when its size first comes up. */
export class ProgramsBySize {
  private readonly loaded = new Map<number, Promise<LoadedProgram>>();

  constructor(
    private readonly executor: Executor,
    private readonly build: (batchSize: number) => Program,
  ) {}

  ofSize(batchSize: number): Promise<LoadedProgram> {
    let program = this.loaded.get(batchSize);
    if (!program) {
      program = this.executor.load(this.build(batchSize));
      this.loaded.set(batchSize, program);
      program.catch(() => this.loaded.delete(batchSize)); // so that the next call tries again
    }
    return program;
  }

  async close(): Promise<void> {
    for (const program of this.loaded.values()) await (await program).close();
    this.loaded.clear();
  }
}
