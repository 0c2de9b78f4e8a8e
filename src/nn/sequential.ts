import type { Tensor } from "../graph/tensor.js";
import { Module } from "./module.js";

/**
 * Modules one after the other, named by their numbers, `0`, `1`, …, or by the names of an object. PyTorch's `Sequential`.
 *
 *     new Sequential(new ReLU(), new AvgPool2d(2))
 *     new Sequential({ act: new ReLU(), pool: new AvgPool2d(2) })
 */
export class Sequential extends Module {
  readonly #modules: readonly Module[];

  constructor(...modules: readonly Module[] | readonly [Readonly<Record<string, Module>>]) {
    super();
    const [first] = modules;
    const named =
      modules.length === 1 && !(first instanceof Module) ? first! : Object.assign({}, modules);
    this.#modules = Object.values(named as Readonly<Record<string, Module>>);
    Object.assign(this, named); // a module is its fields
  }

  protected override forward(x: Tensor): Tensor {
    return this.#modules.reduce((y, module) => module.call(y), x);
  }
}
