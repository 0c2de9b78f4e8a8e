// One residual block and a classifier: the smallest network with everything a ResNet has.
import type { Graph } from "../../src/graph/graph.js";
import type { Tensor } from "../../src/graph/tensor.js";
import { BasicBlock } from "../../src/models/blocks.js";
import { Dropout } from "../../src/nn/dropout.js";
import { Flatten } from "../../src/nn/flatten.js";
import { Linear } from "../../src/nn/linear.js";
import { Module } from "../../src/nn/module.js";
import { AdaptiveAvgPool2d } from "../../src/nn/pooling.js";
import { crossEntropy } from "../../src/train/loss.js";
import { sgd } from "../../src/train/optimizers.js";
import { residentTracer } from "../../src/train/sources/resident-source.js";
import type { Precision } from "../../src/program/precision.js";
import { traceEvaluation, traceTrainStep } from "../../src/train/step.js";

export class TinyModel extends Module {
  readonly block: BasicBlock;
  readonly avgpool = new AdaptiveAvgPool2d();
  readonly flatten = new Flatten();
  readonly fc: Linear;

  constructor(channels = 2, width = 4, classes = 3) {
    super();
    this.block = new BasicBlock(channels, width, 2);
    this.fc = new Linear(width, classes);
  }

  protected override forward(x: Tensor): Tensor {
    return this.fc.call(this.flatten.call(this.avgpool.call(this.block.call(x))));
  }
}

/** With something random in every step. */
export class DroppingModel extends Module {
  readonly model = new TinyModel();
  readonly dropout = new Dropout(0.2);
  protected override forward(x: Tensor): Tensor {
    return this.model.call(this.dropout.call(x));
  }
}

/** No batch statistics: the loss and gradient of a row do not depend on its batch. */
export class LinearModel extends Module {
  readonly flatten = new Flatten();
  readonly fc = new Linear(60, 3);
  protected override forward(x: Tensor): Tensor {
    return this.fc.call(this.flatten.call(x));
  }
}

/** Fields with the names of what a training keeps beside a model. */
export class KeywordModel extends Module {
  readonly flatten = new Flatten();
  readonly data = new Linear(60, 4);
  readonly ema = new Linear(4, 4);
  readonly accumulated = new Linear(4, 4);
  readonly optimizer = new Linear(4, 3);
  protected override forward(x: Tensor): Tensor {
    return [this.flatten, this.data, this.ema, this.accumulated, this.optimizer].reduce(
      (y, layer: Module) => layer.call(y),
      x,
    );
  }
}

/** Seven images, to trace with. */
const tinySource = residentTracer("train", [7, 6, 5, 2], { mean: [0.5, 0.4], std: [0.2, 0.3] });

/** Training with momentum, on batches of 3. */
export const tinyTraining = (): Graph => training("fp32");

/** The same in bf16. */
export const tinyTrainingInBf16 = (): Graph => training("bf16");

const training = (precision: Precision): Graph =>
  traceTrainStep(new TinyModel(), {
    source: tinySource,
    batchSize: 3,
    optimizer: sgd({ momentum: 0.9, weightDecay: 1e-4 }),
    loss: crossEntropy({ labelSmoothing: 0.1 }),
    precision,
  });

export const tinyEvaluation = (): Graph => traceEvaluation(new TinyModel(), tinySource, 3);
