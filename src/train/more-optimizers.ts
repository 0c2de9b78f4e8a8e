import {
  add,
  div,
  expm1,
  greater,
  mul,
  neg,
  sqrt,
  square,
  sub,
  where,
} from "../functional/elementwise.js";
import { sum } from "../functional/reductions.js";
import type { Tensor } from "../graph/tensor.js";
import { checkOptionValues, fraction, notNegative } from "../tensor/check-options.js";
import { adamOptions, type Optimizer } from "./optimizers.js";
import { ownOptimizer } from "./own-optimizer.js";

export interface RmspropOptions {
  /** Decay of the mean square. Default 0.99. */
  readonly alpha?: number;
  /** Added to the root of the mean square. Default 1e-8. */
  readonly eps?: number;
  /** Fraction of the last velocity that is kept. Default 0: no velocity. */
  readonly momentum?: number;
  /** Whether the mean is taken from the mean square, which makes it a variance. Default false. */
  readonly centered?: boolean;
  /** Times the parameter, added to the gradient. Default 0. */
  readonly weightDecay?: number;
}

/** The gradient over the root of its mean square: PyTorch's `RMSprop`. Source: Hinton 2012, lecture 6e. */
export function rmsprop(options: RmspropOptions = {}): Optimizer {
  checkOptionValues("rmsprop", options, {
    alpha: fraction,
    eps: notNegative,
    momentum: notNegative,
    centered: "boolean",
    weightDecay: notNegative,
  });
  const { alpha = 0.99, eps = 1e-8, momentum = 0, centered = false, weightDecay = 0 } = options;
  return ownOptimizer(({ parameter, gradient, learningRate, decays, state }) => {
    const g = decayed(gradient, parameter, decays ? weightDecay : 0);
    const meanSquare = average(state("meanSquare"), square(g), alpha);
    const mean = centered ? { mean: average(state("mean"), g, alpha) } : {};
    const variance = mean.mean ? sub(meanSquare, square(mean.mean)) : meanSquare;
    const direction = div(g, add(sqrt(variance), eps));
    const remembered = { meanSquare, ...mean };
    if (momentum === 0)
      return { parameter: sub(parameter, mul(direction, learningRate)), ...remembered };
    const velocity = add(mul(state("velocity"), momentum), direction);
    return { parameter: sub(parameter, mul(velocity, learningRate)), velocity, ...remembered };
  });
}

export interface LarsOptions {
  /** Default 0.9. */
  readonly momentum?: number;
  /** Default 0. */
  readonly weightDecay?: number;
  /** The step of a layer as a fraction of the norm of its weights. Default 0.001. */
  readonly trust?: number;
  /** Default false. */
  readonly nesterov?: boolean;
}

/**
 * SGD whose step in each layer is scaled by the norm of its weights over that of its gradient, for large batches: timm's
 * `lars`. Parameters without weight decay are not scaled. Source: You et al. 2017, arXiv:1708.03888.
 */
export function lars(options: LarsOptions = {}): Optimizer {
  checkOptionValues("lars", options, {
    momentum: fraction,
    weightDecay: notNegative,
    trust: { ...notNegative, above: true },
    nesterov: "boolean",
  });
  const { momentum = 0.9, weightDecay = 0, trust = 0.001, nesterov = false } = options;
  return ownOptimizer(({ parameter, gradient, learningRate, decays, state }) => {
    const decay = decays ? weightDecay : 0;
    const scaled = (g: Tensor): Tensor => {
      const [weights, gradients] = [norm(parameter), norm(g)];
      const ratio = div(mul(weights, trust), add(add(gradients, mul(weights, decay)), 1e-8));
      const isScaled = mul(greater(weights, 0), greater(gradients, 0));
      return mul(decayed(g, parameter, decay), where(isScaled, ratio, 1));
    };
    const g = decay === 0 ? gradient : scaled(gradient);
    if (momentum === 0) return { parameter: sub(parameter, mul(g, learningRate)) };
    const velocity = add(mul(state("velocity"), momentum), g);
    const direction = nesterov ? add(g, mul(velocity, momentum)) : velocity;
    return { parameter: sub(parameter, mul(direction, learningRate)), velocity };
  });
}

export interface LambOptions {
  /** Decay of the first moment. Default 0.9. */
  readonly beta1?: number;
  /** Decay of the second moment. Default 0.999. */
  readonly beta2?: number;
  /** Added to the root of the second moment. Default 1e-6. */
  readonly eps?: number;
  /** Default 0.01. */
  readonly weightDecay?: number;
}

/**
 * AdamW whose step in each layer is scaled to the norm of its weights, for large batches: timm's `lamb`, whose own clipping
 * is the session's `clipNorm: 1`. Parameters without weight decay are not scaled. Source: You et al. 2019, arXiv:1904.00962.
 */
export function lamb(options: LambOptions = {}): Optimizer {
  checkOptionValues("lamb", options, adamOptions);
  const { beta1 = 0.9, beta2 = 0.999, eps = 1e-6, weightDecay = 0.01 } = options;
  return ownOptimizer(({ parameter, gradient, learningRate, step, decays, state }) => {
    const firstMoment = average(state("firstMoment"), gradient, beta1);
    const secondMoment = average(state("secondMoment"), square(gradient), beta2);
    // 1 − βˢᵗᵉᵖ by expm1: in float32 the difference would lose half of its digits while β is near 1.
    const unbiased = (moment: Tensor, beta: number): Tensor =>
      div(moment, neg(expm1(mul(step, Math.log(beta)))));
    const adam = div(unbiased(firstMoment, beta1), add(sqrt(unbiased(secondMoment, beta2)), eps));
    const remembered = { firstMoment, secondMoment };
    if (!decays || weightDecay === 0)
      return { parameter: sub(parameter, mul(adam, learningRate)), ...remembered };
    const update = add(adam, mul(parameter, weightDecay));
    const [weights, length] = [norm(parameter), norm(update)];
    const isScaled = mul(greater(weights, 0), greater(length, 0));
    const ratio = where(isScaled, div(weights, length), 1);
    return { parameter: sub(parameter, mul(update, mul(ratio, learningRate))), ...remembered };
  });
}

const decayed = (gradient: Tensor, parameter: Tensor, weightDecay: number): Tensor =>
  weightDecay === 0 ? gradient : add(gradient, mul(parameter, weightDecay));

/** The moving average after one more value. */
const average = (before: Tensor, value: Tensor, decay: number): Tensor =>
  add(mul(before, decay), mul(value, 1 - decay));

/** The Euclidean norm of all values, `[]`. */
const norm = (x: Tensor): Tensor => sqrt(sum(square(x)));
