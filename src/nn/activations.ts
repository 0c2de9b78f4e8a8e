import {
  gelu,
  hardSigmoid,
  hardSwish,
  relu6,
  sigmoid,
  silu,
  softplus,
  tanh,
  type GeluOptions,
  type SoftplusOptions,
} from "../functional/elementwise.js";
import { softmax } from "../functional/reductions.js";
import type { Tensor } from "../graph/tensor.js";
import { checkNumber, checkOptionValues } from "../tensor/check-options.js";
import { formatArguments } from "./describe.js";
import { Module } from "./module.js";

/** `1 / (1 + e⁻ˣ)`, any shape. PyTorch's `Sigmoid`. */
export class Sigmoid extends Module {
  protected override forward(x: Tensor): Tensor {
    return sigmoid(x);
  }
}

/** The hyperbolic tangent, any shape. PyTorch's `Tanh`. */
export class Tanh extends Module {
  protected override forward(x: Tensor): Tensor {
    return tanh(x);
  }
}

/** `x · sigmoid(x)`, any shape. PyTorch's `SiLU`. */
export class SiLU extends Module {
  protected override forward(x: Tensor): Tensor {
    return silu(x);
  }
}

/** x times the share of the standard normal distribution below x, any shape. PyTorch's `GELU`. */
export class GELU extends Module {
  constructor(private readonly options: GeluOptions = {}) {
    super();
    checkOptionValues("GELU", options, { approximate: ["none", "tanh"] });
  }

  override describe(): string {
    return formatArguments([], { ...this.options }, { approximate: "none" });
  }

  protected override forward(x: Tensor): Tensor {
    return gelu(x, this.options);
  }
}

/** `min(max(x + 3, 0), 6) / 6`, any shape. PyTorch's `Hardsigmoid`. */
export class HardSigmoid extends Module {
  protected override forward(x: Tensor): Tensor {
    return hardSigmoid(x);
  }
}

/** `x · hardSigmoid(x)`, any shape. PyTorch's `Hardswish`. */
export class HardSwish extends Module {
  protected override forward(x: Tensor): Tensor {
    return hardSwish(x);
  }
}

/** `min(max(x, 0), 6)`, any shape. PyTorch's `ReLU6`. */
export class ReLU6 extends Module {
  protected override forward(x: Tensor): Tensor {
    return relu6(x);
  }
}

/** `log(1 + exp(beta · x)) / beta`, any shape. PyTorch's `Softplus`. */
export class Softplus extends Module {
  constructor(private readonly options: SoftplusOptions = {}) {
    super();
    checkOptionValues("Softplus", options, { beta: { least: 0, above: true }, threshold: {} });
  }

  override describe(): string {
    return formatArguments([], { ...this.options }, { beta: 1, threshold: 20 });
  }

  protected override forward(x: Tensor): Tensor {
    return softplus(x, this.options);
  }
}

/** `exp(x) / Σ exp(x)` along an axis. PyTorch's `Softmax(dim)`. */
export class Softmax extends Module {
  /** @param axis -1 for the last */
  constructor(private readonly axis: number) {
    super();
    checkNumber("Softmax", "axis", axis, { whole: true });
  }

  override describe(): string {
    return formatArguments([this.axis]);
  }

  protected override forward(x: Tensor): Tensor {
    return softmax(x, this.axis);
  }
}
