// Trains a network of test/fixtures/networks on an executor, and holds it against PyTorch's numbers.
import assert from "node:assert/strict";
import { gradients } from "../../src/autodiff/gradients.js";
import type { Executor } from "../../src/executors/executor.js";
import { graphOf, type Graph } from "../../src/graph/graph.js";
import { input, type Tensor } from "../../src/graph/tensor.js";
import { nchwToHwnc, toTorchLayout } from "../../src/interop/torch-layout.js";
import { resnet18, resnet50, type ResNet } from "../../src/models/resnet.js";
import { namedParameters, namedState } from "../../src/nn/module.js";
import { traceModule } from "../../src/nn/trace-module.js";
import { softmaxCrossEntropy } from "../../src/ops/softmax-cross-entropy.js";
import { plan } from "../../src/planner/plan.js";
import { encodeBf16 } from "../../src/tensor/bf16.js";
import { hostArray, type HostArray } from "../../src/tensor/host-array.js";
import type { FloatDType } from "../../src/tensor/shape.js";
import { readModelState, writeModelState } from "../../src/checkpoint/model-state.js";
import { sgd } from "../../src/train/optimizers.js";
import { assertClose, ulp } from "./assert-close.js";
import {
  draw,
  networkFixture,
  networkGradients,
  type NetworkFixture,
  type NetworkOutput,
  type Summary,
} from "./fixtures.js";

const makers: Readonly<Record<string, typeof resnet18>> = { resnet18, resnet50 };

/**
 * How much further than PyTorch's own float32 an executor may be from PyTorch's numbers. Both are off the
 * exact ones, by about as much; `deviation` is the worst of only three samples, so 4 times it, and 4 ulp
 * where it happens to be nothing.
 */
const slack = 4;
const allowed = (deviation: number): number => slack * deviation + 4 * ulp;

const drawn = new Map<number, ReadonlyMap<string, HostArray>>();

/** Every parameter's first value: seconds to draw for ResNet-18, so once for all executors. */
function initialParameters({ seed, tensors }: NetworkFixture): ReadonlyMap<string, HostArray> {
  const known = drawn.get(seed);
  if (known) return known;
  const rows = tensors.filter((row) => row.part === "initial");
  const parameters = new Map(rows.map((row) => [row.name, draw(seed, row.name, row)]));
  drawn.set(seed, parameters);
  return parameters;
}

export class NetworkRun {
  private readonly fixture: NetworkFixture;
  private readonly model: ResNet;
  private readonly bulk: Float32Array | null;
  private readonly losses: number[] = [];

  private constructor(
    name: string,
    private readonly executor: Executor,
    private readonly dtype: FloatDType,
    private readonly brightness: number,
  ) {
    this.fixture = networkFixture(name);
    this.bulk = networkGradients(name);
    const {
      model,
      width,
      classes,
      input: [channels],
    } = this.fixture;
    this.model = makers[model]!({ width, classes, channels });
  }

  /**
   * @param dtype of the images, and so of all activations
   * @param brightness multiplies the fixture's images
   */
  static async start(
    name: string,
    executor: Executor,
    dtype: FloatDType = "f32",
    brightness = 1,
  ): Promise<NetworkRun> {
    const run = new NetworkRun(name, executor, dtype, brightness);
    await run.writeInitialState();
    return run;
  }

  /** Step 1: logits, loss, every gradient, running statistics. */
  async firstStep(): Promise<void> {
    const step = await this.executor.load(
      plan("first-step", this.trace(true), this.executor.traits),
    );
    const outputs = await step.run(this.inputs(1));
    assert.deepEqual([...this.labels(1).data], this.fixture.firstLabels, "the labels of step 1");
    this.losses.push(outputs["loss"]!.data[0]!);
    this.checkOutput("logits", outputs["logits"]!.data);
    for (const row of this.rows("gradients")) {
      this.checkSummary(row, toTorchLayout(outputs[`gradient ${row.name}`]!).data);
    }
    await this.checkState("firstStatistics");
  }

  /** The loss of each of `count` steps, from the state as it is, without comparing anything. */
  async lossesOf(count: number): Promise<number[]> {
    const step = await this.executor.load(
      plan("train-step", this.trace(false), this.executor.traits),
    );
    const losses: number[] = [];
    for (let n = 1; n <= count; n++)
      losses.push((await step.run(this.inputs(n)))["loss"]!.data[0]!);
    return losses;
  }

  /** The gradient of step 1 by every parameter, in the engine's order, without comparing anything. */
  async gradients(): Promise<ReadonlyMap<string, HostArray>> {
    const outputs = await (
      await this.executor.load(plan("first-step", this.trace(true), this.executor.traits))
    ).run(this.inputs(1));
    const names = this.rows("gradients").map(({ name }) => name);
    return new Map(names.map((name) => [name, outputs[`gradient ${name}`]!]));
  }

  /** The steps after the first: losses, parameters and running statistics; then logits in evaluation. */
  async otherSteps(): Promise<void> {
    const step = await this.executor.load(
      plan("train-step", this.trace(false), this.executor.traits),
    );
    for (let n = 2; n <= this.fixture.steps; n++) {
      const { loss } = await step.run(this.inputs(n));
      this.losses.push(loss!.data[0]!);
    }
    this.checkOutput("losses", this.losses);
    await this.checkState("parameters");
    await this.checkState("statistics");
    const { outputs } = this.traceEvaluation();
    const { logits } = await (
      await this.executor.load(plan("evaluate", graphOf(outputs), this.executor.traits))
    ).run({ images: this.images(1) });
    this.checkOutput("evalLogits", logits!.data);
  }

  private trace(withGradients: boolean): Graph {
    const {
      batch,
      input: [c, h, w],
      momentum,
      weightDecay,
    } = this.fixture;
    const { result, updates } = traceModule(this.model, true, () => {
      const logits = this.model.call(input("images", [h, w, batch, c], this.dtype));
      const { loss } = softmaxCrossEntropy(logits, input("labels", [batch], "i32"));
      const parameters = namedParameters(this.model);
      const traced = gradients(loss, parameters.values());
      const list = [...parameters].map(([name, parameter]) => ({
        name,
        parameter,
        gradient: traced.get(parameter)!,
      }));
      const steps = sgd({ momentum, weightDecay }).trace(list);
      const kept: Record<string, Tensor> = withGradients ? { logits } : {};
      if (withGradients) for (const { name, gradient } of list) kept[`gradient ${name}`] = gradient;
      return { outputs: { loss, ...kept }, steps };
    });
    return graphOf(result.outputs, new Map([...updates, ...result.steps]));
  }

  private traceEvaluation(): { readonly outputs: { readonly logits: Tensor } } {
    const {
      batch,
      input: [c, h, w],
    } = this.fixture;
    const { result } = traceModule(this.model, false, () => ({
      logits: this.model.call(input("images", [h, w, batch, c], this.dtype)),
    }));
    return { outputs: result };
  }

  private async writeInitialState(): Promise<void> {
    const state = new Map(initialParameters(this.fixture));
    for (const [name, { shape }] of namedState(this.model)) {
      if (name.endsWith("running_mean")) state.set(name, hostArray(shape));
      if (name.endsWith("running_var")) state.set(name, hostArray(shape, Array(shape[0]!).fill(1)));
    }
    await writeModelState(this.executor, this.model, state);
  }

  private images(n: number): HostArray {
    const { batch, input: size, seed, imageScale } = this.fixture;
    const scale = imageScale * this.brightness;
    const drawn = draw(seed, `images${n}`, { shape: [batch, ...size], scale });
    const { shape, data } = nchwToHwnc(drawn);
    return this.dtype === "bf16"
      ? hostArray(shape, encodeBf16(data), "bf16")
      : hostArray(shape, data);
  }

  private labels(n: number): HostArray {
    const { batch, seed, classes } = this.fixture;
    return draw(seed, `labels${n}`, { shape: [batch], below: classes });
  }

  private inputs(n: number): Record<string, HostArray> {
    const { learningRate, momentum } = this.fixture;
    return {
      images: this.images(n),
      labels: this.labels(n),
      learningRate: hostArray([], [learningRate]),
      momentum: hostArray([], [momentum]),
    };
  }

  private rows(part: Summary["part"]): Summary[] {
    return this.fixture.tensors.filter((row): row is Summary => row.part === part);
  }

  private checkOutput(name: NetworkOutput["name"], actual: ArrayLike<number>): void {
    const isRow = (row: { readonly name: string }): row is NetworkOutput => row.name === name;
    const { values, deviation } = this.fixture.tensors.find(isRow)!;
    assertClose(actual, values, { rtol: allowed(deviation) }, name);
  }

  private async checkState(part: Summary["part"]): Promise<void> {
    const state = await readModelState(this.executor, this.model);
    const rows = this.rows(part);
    assert.ok(rows.length > 0);
    for (const row of rows) this.checkSummary(row, state.get(row.name)!.data);
  }

  private checkSummary(row: Summary, actual: ArrayLike<number>): void {
    const { part, name, maxAbs, deviation, deviationL2, l2, sum, values, offset } = row;
    const what = `${part}, ${name}`;
    const size = actual.length;
    const atol = allowed(deviation) * maxAbs;
    if (offset !== undefined && this.bulk) {
      const whole = this.bulk.subarray(offset, offset + size);
      assertClose(actual, whole, { rtol: 0, atol }, what);
    }
    if (values) {
      const k = values.length;
      const sampled = values.map((_, i) => actual[Math.floor((i * size) / k)]!);
      assertClose(sampled, values, { rtol: 0, atol }, what);
    }
    let squares = 0;
    let total = 0;
    let largest = 0;
    for (let i = 0; i < size; i++) {
      squares += actual[i]! ** 2;
      total += actual[i]!;
      largest = Math.max(largest, Math.abs(actual[i]!));
    }
    // An error of norm e moves the norm by at most e, and the sum by at most e · √size.
    const error = allowed(deviationL2) * l2;
    assertClose([Math.sqrt(squares)], [l2], { rtol: 0, atol: error }, `${what}: norm`);
    assertClose([total], [sum], { rtol: 0, atol: error * Math.sqrt(size) }, `${what}: sum`);
    assertClose([largest], [maxAbs], { rtol: 0, atol }, `${what}: largest magnitude`);
  }
}
