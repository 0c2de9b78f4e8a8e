import { currentTrace } from "../graph/trace.js";
import type { Tensor } from "../graph/tensor.js";
import { namedModules, namedParameters, type AnyModule } from "../nn/module.js";
import { didYouMean } from "../tensor/did-you-mean.js";
import { ResnetError } from "../tensor/error.js";

/** The tensors of a traced step that someone watches. */
export interface Watches {
  /** The output of each module that is watched, by its path. */
  readonly outputs: Readonly<Record<string, Tensor>>;
  /** The tensors whose gradients are watched, by the name of the gradient: `layer2.1.grad`. */
  readonly gradients: ReadonlyMap<string, Tensor>;
}

const suffix = ".grad";

/**
 * Finds what is watched in the present trace. `layer2.1` is the output of a module's last call; `layer2.1.grad` is the
 * gradient of the loss with respect to it; `fc.weight.grad` is that of a parameter.
 *
 * @throws {ResnetError} `ERR_WATCH` for a name that is neither
 */
export function traceWatches(model: AnyModule, names: Iterable<string>): Watches {
  const outputOf = new Map(currentTrace().calls.map(({ path, output }) => [path, output]));
  const parameters = namedParameters(model);
  const outputs: Record<string, Tensor> = {};
  const gradients = new Map<string, Tensor>();
  for (const name of names) {
    const isGradient = name.endsWith(suffix);
    const path = isGradient ? name.slice(0, -suffix.length) : name;
    const tensor = outputOf.get(path) ?? (isGradient ? parameters.get(path) : undefined);
    if (!tensor && namedModules(model).has(path)) {
      throw new ResnetError(
        "ERR_WATCH",
        `the module "${path}" does not return one tensor in this step: watch a module within it`,
      );
    }
    if (!tensor) {
      const known = [...outputOf.keys(), ...parameters.keys()].filter((each) => each !== "");
      throw new ResnetError(
        "ERR_WATCH",
        `the model has no module "${path}"${didYouMean(path, known)}: watch a module such as ${known[0]}, its gradient ` +
          `${known[0]}${suffix}, or the gradient of a parameter`,
      );
    }
    if (isGradient) gradients.set(name, tensor);
    else outputs[name] = tensor;
  }
  return { outputs, gradients };
}
