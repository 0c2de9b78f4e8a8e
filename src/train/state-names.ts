/**
 * Names of what an executor keeps for a training besides the model's own state, which goes by its path (`fc.weight`). A
 * kind and a slash come first, and no field of a module has a slash in its name.
 */

/** The name of an optimizer's state for a parameter: an array of its shape. */
export const optimizerState = (kind: string, parameter: string): string =>
  `optimizer/${kind}/${parameter}`;

/** The weighted sum of a parameter's gradients over the micro-batches of a step so far. */
export const gradientSumState = (parameter: string): string => `accumulated/${parameter}`;

/** The average of a model's state over the steps. */
export const averageState = (name: string): string => `ema/${name}`;

/** A resident data set. */
export const dataState = (name: string, part: "images" | "labels"): string =>
  `data/${name}/${part}`;

export const isOptimizerState = (name: string): boolean => name.startsWith("optimizer/");
export const isDataState = (name: string): boolean => name.startsWith("data/");

/** Whether a training remembers it besides the model's own state: what a new training starts from zero. */
export const isRemembered = (name: string): boolean => /^(optimizer|accumulated|ema)\//.test(name);
