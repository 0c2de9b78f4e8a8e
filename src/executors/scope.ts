import type { Program } from "../program/program.js";
import { ResnetError } from "../tensor/error.js";
import type { Executor, LoadedProgram } from "./executor.js";

let scopes = 0;

/**
 * A view of an executor with a name space of its own for states, so that several models share one executor and its threads.
 * Closing it frees its programs and states, and leaves the executor open. Calls in progress are rejected with `ERR_CLOSED`
 * when they have ended, and later ones at once.
 */
export function scopeOf(executor: Executor): Executor {
  const prefix = `scope${++scopes}/`;
  const loaded = new Set<LoadedProgram>();
  const inProgress = new Set<Promise<unknown>>();
  let closing: Promise<void> | undefined;
  const whileOpen = async <T>(call: () => Promise<T>): Promise<T> => {
    if (closing) throw new ResnetError("ERR_CLOSED", "the scope is closed");
    const made = call();
    inProgress.add(made);
    try {
      const result = await made;
      if (!closing) return result;
    } finally {
      inProgress.delete(made);
    }
    throw new ResnetError("ERR_CLOSED", "the scope was closed during the call");
  };
  const states: Executor["states"] = () =>
    new Map(
      [...executor.states()].flatMap(([name, spec]) =>
        name.startsWith(prefix) ? [[name.slice(prefix.length), spec] as const] : [],
      ),
    );
  const load = async (program: Program): Promise<LoadedProgram> => {
    const inner = await executor.load(withPrefix(program, prefix));
    const outer: LoadedProgram = {
      ...inner,
      program,
      async close() {
        loaded.delete(outer);
        await inner.close();
      },
    };
    loaded.add(outer);
    return outer;
  };
  const free = async (): Promise<void> => {
    await Promise.allSettled(inProgress); // a program that is being loaded is freed too
    await Promise.all([...loaded].map((program) => program.close()));
    await Promise.all([...states().keys()].map((name) => executor.remove(prefix + name)));
  };
  return {
    name: executor.name,
    description: executor.description,
    traits: executor.traits,
    load: (program) => whileOpen(() => load(program)),
    write: (name, value) => whileOpen(() => executor.write(prefix + name, value)),
    read: (name) => whileOpen(() => executor.read(prefix + name)),
    remove: (name) => whileOpen(() => executor.remove(prefix + name)),
    states,
    close: () => (closing ??= free()),
  };
}

const withPrefix = (program: Program, prefix: string): Program => ({
  ...program,
  buffers: program.buffers.map((buffer) =>
    buffer.place === "state" ? { ...buffer, name: prefix + buffer.name } : buffer,
  ),
});
