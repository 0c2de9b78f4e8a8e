import type { Tensor } from "../graph/tensor.js";
import { Module } from "./module.js";

/** Modules one after the other, named by their numbers: `0`, `1`, … PyTorch's `Sequential`. */
export class Sequential extends Module {
  readonly #modules: readonly Module[];

  constructor(...modules: readonly Module[]) {
    super();
    this.#modules = modules;
    Object.assign(this, modules); // fields `0`, `1`, …: a module is its fields
  }

  protected override forward(x: Tensor): Tensor {
    return this.#modules.reduce((y, module) => module.call(y), x);
  }
}
