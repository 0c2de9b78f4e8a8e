import type { LoadedProgram } from "./executor.js";

/** Programs that differ only in batch size, each loaded when its size first comes up. */
export class ProgramsBySize<P extends LoadedProgram = LoadedProgram> {
  private readonly loaded = new Map<number, Promise<P>>();

  constructor(private readonly load: (batchSize: number) => Promise<P>) {}

  ofSize(batchSize: number): Promise<P> {
    let program = this.loaded.get(batchSize);
    if (!program) {
      program = this.load(batchSize);
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
