// Random small networks, for properties that must hold whatever the model.
import { gradients } from "../../src/autodiff/gradients.js";
import { graphOf, type Graph } from "../../src/graph/graph.js";
import { input, type Tensor } from "../../src/graph/tensor.js";
import { BatchNorm2d } from "../../src/nn/batch-norm2d.js";
import { Conv2d } from "../../src/nn/conv2d.js";
import { Linear } from "../../src/nn/linear.js";
import { Module, namedParameters } from "../../src/nn/module.js";
import { traceModule } from "../../src/nn/trace-module.js";
import { add } from "../../src/ops/add.js";
import { dropout } from "../../src/ops/dropout.js";
import { flatten } from "../../src/ops/flatten.js";
import { leakyRelu } from "../../src/ops/leaky-relu.js";
import { maxPool2d } from "../../src/ops/max-pool2d.js";
import { relu } from "../../src/ops/relu.js";
import { softmaxCrossEntropy } from "../../src/ops/softmax-cross-entropy.js";
import { hostArray, type HostArray } from "../../src/tensor/host-array.js";
import { randomKey, uniform } from "../../src/tensor/random.js";
import { randomArray, randomIntegers } from "./arrays.js";

/** H, W, batch, channels: all layers keep it, so that any two tensors can be added. */
const shape = [4, 3, 3, 4] as const;
const classes = 3;

const kinds = ["conv", "convBias", "norm", "norm", "relu", "leaky", "add", "add", "pool", "drop"];

/** A chain of random layers, with additions of any earlier tensor, also of the last one to itself. */
class RandomNetwork extends Module {
  readonly layers: readonly (Module | null)[];
  readonly fc = new Linear(shape[0] * shape[1] * shape[3], classes);
  private readonly choose: (below: number) => number;
  private readonly names: readonly string[];

  constructor(seed: number, length: number) {
    super();
    const key = randomKey(seed, "network");
    let count = 0;
    this.choose = (below) => Math.floor(uniform(key, count++) * below);
    this.names = Array.from({ length }, () => kinds[this.choose(kinds.length)]!);
    this.layers = this.names.map((name) => this.layer(name));
  }

  private layer(name: string): Module | null {
    if (name === "norm") return new BatchNorm2d(shape[3]);
    if (!name.startsWith("conv")) return null;
    const kernel = this.choose(2) === 0 ? 1 : 3;
    const groups = this.choose(3) === 0 ? 2 : 1;
    const bias = name === "convBias";
    return new Conv2d(shape[3], shape[3], kernel, { padding: (kernel - 1) / 2, groups, bias });
  }

  protected override forward(x: Tensor): Tensor {
    const tensors = [x];
    const key = input("key", [2], "i32");
    this.names.forEach((name, i) => {
      const last = tensors.at(-1)!;
      const other = tensors[this.choose(tensors.length)]!;
      const next: Readonly<Record<string, () => Tensor>> = {
        relu: () => relu(last),
        leaky: () => leakyRelu(last, 0.1),
        add: () => (this.choose(2) === 0 ? add(last, other) : relu(add(other, last))),
        pool: () => maxPool2d(last, { kernel: 3, stride: 1, padding: 1 }),
        drop: () => dropout(last, key, { probability: 0.25, stream: i }),
      };
      tensors.push(this.layers[i]?.call(last) ?? next[name]!());
    });
    return this.fc.call(flatten(tensors.at(-1)!));
  }
}

export interface RandomGraph {
  readonly graph: Graph;
  readonly values: Readonly<Record<string, HostArray>>;
}

/** Loss, logits, and where training every gradient and the running statistics; with values for the leaves. */
export function randomGraph(seed: number, training: boolean, length = 9): RandomGraph {
  const network = new RandomNetwork(seed, length);
  const { result, updates } = traceModule(network, training, () => {
    const logits = network.call(input("x", shape));
    const { loss } = softmaxCrossEntropy(logits, input("labels", [shape[2]], "i32"));
    if (!training) return { logits, loss };
    const used = [...namedParameters(network)].filter(([, leaf]) => reaches(loss, leaf));
    const traced = gradients(
      loss,
      used.map(([, leaf]) => leaf),
    );
    const named = used.map(([name, leaf]) => [`gradient ${name}`, traced.get(leaf)!] as const);
    return { logits, loss, ...Object.fromEntries(named) };
  });
  const graph = graphOf(result, updates);
  const values: Record<string, HostArray> = {};
  for (const [leaf, name] of graph.leaves) {
    const isScale = name.endsWith("running_var") || leaf.shape.length === 1;
    values[name] = randomArray(
      leaf.shape,
      seed,
      isScale ? { scale: 0.3, center: 1 } : { scale: 0.7 },
    );
  }
  values["labels"] = randomIntegers([shape[2]], seed, classes, "i32");
  values["key"] = hostArray([2], randomKey(seed, "key"), "i32");
  return { graph, values };
}

function reaches(from: Tensor, to: Tensor, seen = new Set<Tensor>()): boolean {
  if (from === to) return true;
  if (seen.has(from)) return false;
  seen.add(from);
  return Object.values(from.node?.inputs ?? {}).some((tensor) => reaches(tensor, to, seen));
}
