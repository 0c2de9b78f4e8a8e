// A residual block of one's own in a ResNet, and a training that is watched and steered step by step.
//   node dist/examples/own-block.js [training images] [epochs]
import {
  add,
  BatchNorm2d,
  Conv2d,
  findRecipe,
  loadDataset,
  Module,
  parseConfig,
  relu,
  ResNet,
  splitRows,
  takeRows,
  train,
  type Callback,
  type Tensor,
} from "resnet-ts";

/** A 3 x 3 within each channel, then a 1 x 1 across them, around a shortcut: far fewer weights than two 3 x 3. */
class SeparableBlock extends Module {
  readonly depthwise: Conv2d;
  readonly pointwise: Conv2d;
  readonly bn: BatchNorm2d;
  readonly shortcut: Conv2d | null;

  constructor(
    inChannels: number,
    readonly outChannels: number,
    stride: number,
  ) {
    super();
    const isSame = stride === 1 && inChannels === outChannels;
    this.depthwise = new Conv2d(inChannels, inChannels, 3, {
      stride,
      padding: 1,
      groups: inChannels,
      bias: false,
    });
    this.pointwise = new Conv2d(inChannels, outChannels, 1, { bias: false });
    this.bn = new BatchNorm2d(outChannels);
    this.shortcut = isSame ? null : new Conv2d(inChannels, outChannels, 1, { stride, bias: false });
  }

  protected override forward(x: Tensor): Tensor {
    const y = this.bn.call(this.pointwise.call(this.depthwise.call(x)));
    return relu(add(y, this.shortcut?.call(x) ?? x));
  }
}

const [count = "5000", epochs = "5"] = process.argv.slice(2);
const model = new ResNet(
  ({ inChannels, channels, stride }) => new SeparableBlock(inChannels, channels, stride),
  [1, 1, 1, 1],
  { classes: 10, channels: 1, width: 16, stem: "cifar" },
);
const { config: recipe } = findRecipe("fashion-resnet34");
const config = parseConfig({ ...recipe, batch: 32, epochs: Number(epochs), schedule: "cosine" });
const { train: images } = await loadDataset("fashion-mnist");
const rows = splitRows(60_000, { train: Number(count), valid: 500 }, config.seed);

const parts = {
  train: takeRows(images, rows.train),
  valid: takeRows(images, rows.valid),
};

let best = Infinity;
const watch: Callback = {
  onStep({ step, loss }) {
    if (step % 50 === 0) console.log(`step ${step}: loss ${loss.toFixed(4)}`);
  },
  onEpoch({ epoch, validLoss, validAccuracy }, training) {
    console.log(`epoch ${epoch}: validation accuracy ${validAccuracy.toFixed(4)}`);
    if (validLoss > best) training.learningRateScale *= 0.5; // from the next step on
    best = Math.min(best, validLoss);
    if (validAccuracy > 0.9) training.stop(); // good enough
  },
};
await train(config, parts, { model, callbacks: [watch] });
