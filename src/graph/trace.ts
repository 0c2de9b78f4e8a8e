import { ResnetError } from "../tensor/error.js";
import { input, type Leaf, type Tensor } from "./tensor.js";

/** One call of a module during a trace. */
export interface ModuleCall {
  readonly path: string;
  readonly module: object;
  readonly output: Tensor;
}

/** The state of one trace: the mode that modules ask for while their forward runs, and the updates and calls that they record. */
export class Trace {
  /** New values that state takes at the end of a run: running statistics. */
  readonly updates = new Map<Leaf, Tensor>();
  /** Every module call, innermost first. */
  readonly calls: ModuleCall[] = [];
  private key: Leaf | null = null;
  private streams = 0;

  constructor(
    private readonly training: boolean,
    /** Path of every module, `""` for the root. */
    readonly paths: ReadonlyMap<object, string>,
    private readonly isFrozen: (path: string) => boolean = () => false,
  ) {}

  /** Whether a module is in training mode: batch norm uses the batch's statistics, and dropout drops. */
  trains(module: object): boolean {
    return this.training && !this.isFrozen(this.paths.get(module) ?? "");
  }

  /** A random stream for one layer of this trace: the run's key, and a number that no other layer has. */
  randomStream(): { readonly key: Leaf; readonly stream: number } {
    this.key ??= input("randomKey", [2], "i32");
    return { key: this.key, stream: this.streams++ };
  }
}

let active: Trace | null = null;
const modules: string[] = [];

/** Runs `body`, in which modules find `trace` as the current one. */
export function withTrace<T>(trace: Trace, body: () => T): T {
  const before = active;
  active = trace;
  try {
    return body();
  } finally {
    active = before;
  }
}

/** @throws {ResnetError} `ERR_TRACE` outside `withTrace` */
export function currentTrace(): Trace {
  if (!active) {
    throw new ResnetError(
      "ERR_TRACE",
      "a module was called outside a trace: use forward(module, x), or traceModule",
    );
  }
  return active;
}

/** Path of the module being traced; empty outside every module. */
export const currentModule = (): string => modules.at(-1) ?? "";

/** Runs `body` with every node it traces, and every error it throws, marked as made in the module at `path`. */
export function inModule<T>(path: string, body: () => T): T {
  modules.push(path);
  try {
    return body();
  } catch (error) {
    if (error instanceof ResnetError) error.inModule(path);
    throw error;
  } finally {
    modules.pop();
  }
}
