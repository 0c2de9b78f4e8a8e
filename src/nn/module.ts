import { currentTrace, inModule } from "../graph/trace.js";
import { Tensor } from "../graph/tensor.js";
import { describeValue } from "../tensor/check-options.js";
import { UsageError } from "../tensor/error.js";
import type { HostArray } from "../tensor/host-array.js";
import { jupyterDisplay, type Displayable, type MimeBundle } from "../tensor/jupyter.js";
import { describeTree } from "./describe.js";
import { ModuleState, Parameter } from "./parameter.js";
import {
  loadState,
  type LoadOptions,
  type StoredState,
  type StateDifferences,
} from "./state-dict.js";

/**
 * A layer or a model.
 *
 * A module is its fields: parameters, state and child modules are found by walking them, never registered, and the
 * path of fields (`layer1.0.conv1.weight`) is the key in checkpoints. Subclasses define `forward`; everyone
 * else uses `call`, as PyTorch's `module(x)` does.
 *
 * A module of several inputs or outputs takes or returns an array or a record of tensors:
 *
 *     class Branches extends Module<{ image: Tensor; depth: Tensor }, { kind: Tensor; place: Tensor }> { … }
 */
export abstract class Module<Input = Tensor, Output = Tensor> implements Displayable {
  /** The computation, written with ops and with `call` of child modules. */
  protected abstract forward(x: Input): Output;

  /** Traces this module on `x`. Nodes and errors inside carry its path. */
  call(x: Input): Output {
    const trace = currentTrace();
    const path = trace.paths.get(this) ?? "";
    const output = inModule(path, () => requireTensors(this, this.forward(x)));
    if (output instanceof Tensor) trace.calls.push({ path, module: this, output });
    return output;
  }

  /**
   * Parameters and running statistics by name, in PyTorch's shapes and order: PyTorch's `state_dict()`. What was never
   * loaded has its first values, drawn with this seed.
   */
  stateDict(seed = 0): Map<string, HostArray<"f32">> {
    return new Map(
      [...namedState(this)].map(([name, leaf]) => [
        name,
        leaf.value ?? leaf.initialize(seed, name),
      ]),
    );
  }

  /**
   * Makes the module hold these weights: PyTorch's `load_state_dict`. `forward`, `createSession`, `train` and
   * `save` use them.
   *
   *     net.loadStateDict(await session.weights());
   *
   * @param weights by name, in PyTorch's shapes and order. `num_batches_tracked` is ignored
   * @returns the names that only one of the two has; with `strict` there are none
   * @throws {ResnetError} `ERR_CHECKPOINT` that lists all names and shapes that do not fit; then nothing has changed
   */
  loadStateDict(weights: StoredState, options?: LoadOptions): StateDifferences {
    return loadState(namedState(this), weights, options);
  }

  /** Every parameter by name: PyTorch's `named_parameters()`. */
  parameters(): ReadonlyMap<string, Parameter> {
    return namedParameters(this);
  }

  /** The arguments of the constructor, for `toString`: `64, 128, 3, { stride: 2 }`. Default: none. */
  describe(): string {
    return "";
  }

  /** The tree of layers with their options. */
  toString(): string {
    return describeTree(this, childModules(this));
  }

  [jupyterDisplay](): MimeBundle {
    return { "text/plain": this.toString() };
  }
}

/** A module with any number of inputs and outputs. */
export type AnyModule = Module<never, unknown>;

/** @throws {ResnetError} `ERR_MODULE` unless a module's forward returned a tensor, or several by position or name */
function requireTensors<Output>(module: AnyModule, output: Output): Output {
  if (output instanceof Tensor) return output;
  const parts: readonly unknown[] =
    typeof output === "object" && output !== null ? Object.values(output) : [];
  if (parts.length > 0 && parts.every((each) => each instanceof Tensor)) return output;
  throw new UsageError(
    "ERR_MODULE",
    `the forward of ${module.constructor.name} returned ${describeValue(output)}, but it must return a Tensor, or an array or a record of Tensors`,
  );
}

/** The modules in the fields of a module, by the name of the field; those of an array are `blocks.0`, `blocks.1`. */
function childModules(module: AnyModule): ReadonlyMap<string, AnyModule> {
  const children = [...namedModules(module)].filter(([path]) => path !== "");
  const isWithin = (path: string, parent: string): boolean => path.startsWith(`${parent}.`);
  return new Map(children.filter(([path]) => !children.some(([parent]) => isWithin(path, parent))));
}

/** Every module in `root` by path, in order of fields; `root` itself is first, under `""`. */
export function namedModules(root: AnyModule): ReadonlyMap<string, AnyModule> {
  const found = new Map<string, AnyModule>();
  walk(root, "", (path, value) => {
    if (value instanceof Module) found.set(path, value);
  });
  return found;
}

/** Every parameter and state in `root` by path, in order of fields: the keys of a checkpoint. */
export function namedState(root: AnyModule): ReadonlyMap<string, ModuleState> {
  const found = new Map<string, ModuleState>();
  walk(root, "", (path, value) => {
    if (value instanceof ModuleState) found.set(path, value);
  });
  return found;
}

/** Every parameter within `root` by path. */
export const namedParameters = (root: AnyModule): ReadonlyMap<string, Parameter> =>
  new Map(
    [...namedState(root)].filter(
      (entry): entry is [string, Parameter] => entry[1] instanceof Parameter,
    ),
  );

/**
 * Visits the modules and states in `value` that were not visited before: shared ones have the path of the first
 * field, as in PyTorch.
 */
function walk(
  value: unknown,
  path: string,
  visit: (path: string, value: object) => void,
  seen = new Set<object>(),
): void {
  const isContainer = value instanceof Module || Array.isArray(value);
  if (!(value instanceof ModuleState || isContainer) || seen.has(value)) return;
  seen.add(value);
  visit(path, value);
  if (!isContainer) return;
  for (const [name, child] of Object.entries(value)) {
    walk(child, path ? `${path}.${name}` : name, visit, seen);
  }
}
