import { Tensor } from "../graph/tensor.js";
import { softmaxCrossEntropy } from "../ops/softmax-cross-entropy.js";
import { ResnetError } from "../tensor/error.js";
import { formatShape } from "../tensor/shape.js";

/** The targets of a batch while it is traced: one tensor, most often class indices i32 `[N]`, or several by name. */
export type Targets = Tensor | Readonly<Record<string, Tensor>>;

/** The loss `[]` of a batch, and other values of its step that the host should get. */
export interface LossOutputs {
  readonly loss: Tensor;
  /** `[]`: the number of samples that are classified correctly. Metrics turn it into an accuracy. */
  readonly correct?: Tensor;
  readonly [name: string]: Tensor | undefined;
}

/**
 * A loss is a function of traced tensors: the outputs of the model and the targets of the batch. It returns one number,
 * shape `[]`, or that number with further values by name.
 *
 *     const meanSquaredError: Loss<Tensor> = (outputs, targets) => mean(square(sub(outputs, targets)));
 *
 * A scalar that changes from step to step, such as the weight of a second term, is an input: `input("alpha", [])`. Each step
 * then takes it by that name: `session.step(batch, { learningRate: 0.1, alpha: 0.5 })`.
 */
export type Loss<T extends Targets = Tensor> = (
  outputs: Tensor,
  targets: T,
) => Tensor | LossOutputs;

/** A loss of class indices that also counts the samples that are classified correctly. */
export type CrossEntropy = (
  logits: Tensor,
  labels: Targets,
) => { readonly loss: Tensor; readonly correct: Tensor };

export interface CrossEntropyOptions {
  /** ε in `[0, 1]`: the target is `1 − ε` on the true class plus `ε / K` on every class. Default 0. */
  readonly labelSmoothing?: number;
  /** The weight of a sample of each class, 0 or more; or a function of the number of classes. Default: 1 each. */
  readonly classWeights?: readonly number[] | ((classes: number) => readonly number[]) | null;
}

/**
 * The mean cross-entropy of logits `[N, K]` and class indices i32 `[N]`, in nats: PyTorch's `nn.CrossEntropyLoss`. It also
 * counts the samples that are classified correctly.
 *
 * @throws {ResnetError} `ERR_ATTRIBUTE`, when it is traced, if the weights are not one number for each class
 */
export function crossEntropy({
  labelSmoothing = 0,
  classWeights = null,
}: CrossEntropyOptions = {}): CrossEntropy {
  return (logits, labels) => {
    if (!(labels instanceof Tensor)) {
      throw new ResnetError(
        "ERR_LOSS",
        `crossEntropy takes one array of labels as targets, but the batch has ${Object.keys(labels).join(", ")}: ` +
          "write a loss that picks one of them",
      );
    }
    const [, classes = 0] = logits.shape;
    const weights = typeof classWeights === "function" ? classWeights(classes) : classWeights;
    return softmaxCrossEntropy(logits, labels, {
      smoothing: labelSmoothing,
      ...(weights && { classWeights: weights }),
    });
  };
}

/** What a loss returned, in its long form. @throws {ResnetError} `ERR_LOSS` unless it is one float32 number */
export function lossOutputs(result: Tensor | LossOutputs): LossOutputs {
  const outputs = isOutputs(result) ? result : { loss: result };
  const { shape, dtype } = outputs.loss;
  if (shape.length === 0 && dtype === "f32") return outputs;
  throw new ResnetError(
    "ERR_LOSS",
    `the loss is ${dtype} ${formatShape(shape)}, but it must be one f32 number, []: take the mean or the sum of it`,
  );
}

const isOutputs = (result: Tensor | LossOutputs): result is LossOutputs => "loss" in result;
