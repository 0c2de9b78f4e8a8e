import type { Program } from "../program/program.js";
import type { Executor, LoadedProgram } from "./executor.js";

let scopes = 0;

/**
 * A view of an executor with a name space of its own for states, so that several models share one executor and its threads.
 * Closing it frees its programs and states, and leaves the executor open.
 */
export function scopeOf(executor: Executor): Executor {
  const prefix = `scope${++scopes}/`;
  const loaded = new Set<LoadedProgram>();
  const states: Executor["states"] = () =>
    new Map(
      [...executor.states()].flatMap(([name, spec]) =>
        name.startsWith(prefix) ? [[name.slice(prefix.length), spec] as const] : [],
      ),
    );
  return {
    name: executor.name,
    description: executor.description,
    traits: executor.traits,
    async load(program) {
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
    },
    write: (name, value) => executor.write(prefix + name, value),
    read: (name) => executor.read(prefix + name),
    remove: (name) => executor.remove(prefix + name),
    states,
    async close() {
      await Promise.all([...loaded].map((program) => program.close()));
      await Promise.all([...states().keys()].map((name) => executor.remove(prefix + name)));
    },
  };
}

const withPrefix = (program: Program, prefix: string): Program => ({
  ...program,
  buffers: program.buffers.map((buffer) =>
    buffer.place === "state" ? { ...buffer, name: prefix + buffer.name } : buffer,
  ),
});
