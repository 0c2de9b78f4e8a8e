import { createExecutor } from "../executors/create-executor.js";
import type { Executor } from "../executors/executor.js";
import type { Tensor } from "../graph/tensor.js";
import type { AnyModule, Module } from "../nn/module.js";
import {
  checkNumber,
  checkOptionValues,
  decay,
  describeValue,
  type NumberRange,
  size,
} from "../tensor/check-options.js";
import { UsageError } from "../tensor/error.js";
import type { Loss, Targets } from "./loss.js";
import type { Optimizer } from "./optimizers.js";
import type { OutputOf } from "./several.js";
import { Session } from "./session.js";
import type { SessionOptions } from "./session-options.js";
import { initialState, type ModelState } from "../checkpoint/model-state.js";

export interface CreateSessionOptions<T extends Targets = Tensor, Outputs = Tensor> extends Omit<
  SessionOptions,
  "loss" | "evaluationLoss"
> {
  /** Default: `crossEntropy()`. */
  readonly loss?: Loss<T, Outputs>;
  /** The loss that evaluations report. Default: `loss`. */
  readonly evaluationLoss?: Loss<T, Outputs>;
  /** Default: the fastest that there is, which `session.close` closes. */
  readonly executor?: Executor;
  /** First weights. Default: random ones, drawn with the seed. */
  readonly weights?: ModelState;
  /** The bytes that `session.save` returned: the session continues from there, bit for bit. */
  readonly resume?: Uint8Array;
}

/**
 * A model under training, for a loop of your own.
 *
 *     const session = await createSession(resnet34({ classes: 10, channels: 1 }), {
 *       optimizer: sgd({ momentum: 0.9 }),
 *       loss: crossEntropy({ labelSmoothing: 0.1 }),
 *     });
 *     for (let epoch = 0; epoch < 50; epoch++) {
 *       for await (const batch of session.batches(trainset, { size: 512, seed: 1, epoch }))
 *         await session.step(batch, { learningRate: 0.1 });
 *       const { accuracy } = await session.evaluate(validset);
 *     }
 *     await session.close();
 *
 * @throws {ResnetError} `ERR_CONFIG` for a part of `freeze` or `lrScales` that the model does not have; `ERR_CHECKPOINT` if
 *   the weights are not those of this model
 */
export async function createSession<T extends Targets = Tensor, M extends AnyModule = Module>(
  model: M,
  options: CreateSessionOptions<T, OutputOf<M>>,
): Promise<Session<M>> {
  checkOptionValues("createSession", options, sessionOptionValues);
  checkNumbers(options);
  requireOptimizer(options.optimizer);
  const { executor, weights, resume, ...rest } = options;
  const own = executor ?? (await createExecutor());
  try {
    const sessionOptions = rest as unknown as SessionOptions;
    const session = executor
      ? new Session(executor, model, sessionOptions)
      : new OwningSession(own, model, sessionOptions);
    if (resume) await session.restore(resume);
    else await session.start(weights ?? initialState(model, sessionOptions.seed ?? 0));
    return session;
  } catch (error) {
    if (!executor) await own.close();
    throw error;
  }
}

/** The values of the options of `createSession`. */
export const sessionOptionValues = {
  optimizer: "any",
  loss: "any",
  evaluationLoss: "any",
  freeze: "any",
  lrScales: "any",
  precision: ["fp32", "bf16"],
  clipNorm: "any", // checked below, like the next three: null is none
  emaDecay: "any",
  mixup: "any",
  cutmix: "any",
  weightDecayOn: ["all", "weights"],
  metrics: "any",
  seed: size,
  files: "any",
  executor: "any",
  weights: "any",
  resume: "any",
} as const;

const beta: NumberRange = { least: 0.05, most: 8 };
const positive: NumberRange = { least: 0, above: true };

/** @throws {ResnetError} `ERR_ARGUMENT` for a number out of its range */
function checkNumbers(
  options: Pick<SessionOptions, "clipNorm" | "emaDecay" | "mixup" | "cutmix" | "lrScales">,
): void {
  const ranges = { clipNorm: positive, emaDecay: decay, mixup: beta, cutmix: beta } as const;
  for (const [name, range] of Object.entries(ranges)) {
    const value = options[name as keyof typeof ranges] ?? null;
    if (value !== null) checkNumber("createSession", name, value, range);
  }
  for (const [part, factor] of Object.entries(options.lrScales ?? {}))
    checkNumber("createSession", `lrScales of ${part}`, factor, positive);
}

/** @throws {ResnetError} `ERR_ARGUMENT` unless there is an optimizer: a call of `sgd`, and not `sgd` itself or its name */
function requireOptimizer(optimizer: unknown): void {
  if (typeof (optimizer as Partial<Optimizer> | undefined)?.trace === "function") return;
  throw new UsageError(
    "ERR_ARGUMENT",
    `createSession: the optimizer is ${describeValue(optimizer)}, but it must be what sgd, adamw or another optimizer ` +
      "returns: { optimizer: sgd({ momentum: 0.9 }) }",
  );
}

/** A session that closes its executor. */
class OwningSession<M extends AnyModule> extends Session<M> {
  override async close(): Promise<void> {
    try {
      await super.close();
    } finally {
      await this.executor.close();
    }
  }
}
