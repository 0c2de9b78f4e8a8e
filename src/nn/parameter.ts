import { Leaf } from "../graph/tensor.js";
import { hostArray, type HostArray } from "../tensor/host-array.js";
import { randomKey } from "../tensor/random.js";
import type { Shape } from "../tensor/shape.js";
import type { Initializer } from "./initializers.js";

/** State of a module. Its name is the path of its field, the key in checkpoints: `layer1.0.bn1.running_mean`. */
export class ModuleState extends Leaf {
  /** The value that `loadStateDict` set, in PyTorch's shape and order; null before that. */
  value: HostArray<"f32"> | null = null;

  constructor(
    shape: Shape,
    /** Initializer, whose values are in the order of elements of the checkpoint's shape. */
    readonly initializer: Initializer,
  ) {
    super("state", "", shape);
  }

  /** The shape in checkpoints, which is PyTorch's: weights `[Out, In]` and `[Cout, Cin, KH, KW]`, vectors unchanged. */
  get torchShape(): Shape {
    const [a, b, c, d] = this.shape;
    if (this.shape.length === 2) return [b!, a!];
    if (this.shape.length === 4) return [d!, c!, a!, b!];
    return this.shape;
  }

  /** Initial values in PyTorch's shape and order. They depend only on seed and name. */
  initialize(seed: number, name: string, initializer = this.initializer): HostArray<"f32"> {
    return hostArray(
      this.torchShape,
      initializer(this.torchShape, randomKey(seed, "initialise", name)),
    );
  }
}

/** A state that is trained. */
export class Parameter extends ModuleState {}
