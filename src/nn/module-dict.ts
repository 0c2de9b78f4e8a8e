import { describeValue } from "../tensor/check-options.js";
import { didYouMean } from "../tensor/did-you-mean.js";
import { UsageError } from "../tensor/error.js";
import { Module } from "./module.js";

/**
 * Modules under names of your choice, which are parts of the keys in checkpoints: PyTorch's `nn.ModuleDict`. The module
 * that has it calls them by `get`.
 *
 *     this.heads = new ModuleDict({ colour: new Linear(64, 3), shape: new Linear(64, 5) });
 *     const y = this.heads.get("colour").call(x);                // weights heads.colour.weight, heads.colour.bias
 *
 * An array of modules in a field is PyTorch's `nn.ModuleList`.
 */
export class ModuleDict<Name extends string = string> extends Module {
  /** @throws {ResnetError} `ERR_ARGUMENT` for a name with a dot, one that a method has, or a value that is not a module */
  constructor(modules: Readonly<Record<Name, Module>>) {
    super();
    for (const [name, module] of Object.entries<unknown>(modules)) {
      if (!(module instanceof Module)) {
        throw new UsageError(
          "ERR_ARGUMENT",
          `ModuleDict: ${name} is ${describeValue(module)}, but it must be a Module`,
        );
      }
      if (name === "" || name.includes(".") || name in this) {
        throw new UsageError(
          "ERR_ARGUMENT",
          `ModuleDict: "${name}" cannot be the name of a module: take one without a dot that no method has`,
        );
      }
    }
    Object.assign(this, modules);
  }

  /** @throws {ResnetError} `ERR_ARGUMENT` for a name that it does not have; lists those that it has */
  get(name: Name): Module {
    if (this.names().includes(name))
      return (this as unknown as Readonly<Record<Name, Module>>)[name];
    throw new UsageError(
      "ERR_ARGUMENT",
      `ModuleDict has no module "${name}"${didYouMean(name, this.names())}: its modules are ${this.names().join(", ")}`,
    );
  }

  /** The names, in their order. */
  names(): readonly Name[] {
    return Object.keys(this) as Name[];
  }

  /** @throws {ResnetError} `ERR_MODULE`: what to do with a tensor, the module that has it decides */
  protected override forward(): never {
    throw new UsageError(
      "ERR_MODULE",
      "a ModuleDict computes nothing itself: call one of its modules, by get(name).call(x)",
    );
  }
}
