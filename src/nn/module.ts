import { currentTrace, inModule } from "../graph/trace.js";
import type { Tensor } from "../graph/tensor.js";
import { ModuleState, Parameter } from "./parameter.js";

/**
 * A layer or a model.
 *
 * A module is its fields: parameters, state and child modules are found by walking them, never registered, and the
 * path of fields (`layer1.0.conv1.weight`) is the key in checkpoints. Subclasses define `forward`; everyone
 * else uses `call`, as PyTorch's `module(x)` does.
 */
export abstract class Module {
  /** The computation, written with ops and with `call` of child modules. */
  protected abstract forward(x: Tensor): Tensor;

  /** Traces this module on `x`. Nodes and errors made within carry its path. */
  call(x: Tensor): Tensor {
    const trace = currentTrace();
    const path = trace.paths.get(this) ?? "";
    const output = inModule(path, () => this.forward(x));
    trace.calls.push({ path, module: this, output });
    return output;
  }
}

/** Every module within `root`, itself first under `""`, in order of fields. */
export function namedModules(root: Module): ReadonlyMap<string, Module> {
  const found = new Map<string, Module>();
  walk(root, "", (path, value) => {
    if (value instanceof Module) found.set(path, value);
  });
  return found;
}

/** Every parameter and state within `root` by path, in order of fields: the keys of a checkpoint. */
export function namedState(root: Module): ReadonlyMap<string, ModuleState> {
  const found = new Map<string, ModuleState>();
  walk(root, "", (path, value) => {
    if (value instanceof ModuleState) found.set(path, value);
  });
  return found;
}

/** Every parameter within `root` by path. */
export const namedParameters = (root: Module): ReadonlyMap<string, Parameter> =>
  new Map(
    [...namedState(root)].filter(
      (entry): entry is [string, Parameter] => entry[1] instanceof Parameter,
    ),
  );

/** Visits what is new below `value`: what two fields share goes by the first one's path, as in PyTorch. */
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
