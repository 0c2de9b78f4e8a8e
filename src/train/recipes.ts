import { ResnetError } from "../tensor/error.js";
import { folderRecipes } from "./recipes/folder.js";
import { parseConfig, type TrainConfig, type TrainConfigInput } from "./config.js";

/** A named training set-up. */
export interface Recipe {
  readonly title: string;
  /** Where it comes from. */
  readonly source: string;
  /** What it should reach. */
  readonly expected: string;
  readonly config: TrainConfig;
}

/** A recipe as it is written below: what it leaves out is the default. */
type Declared = Omit<Recipe, "config"> & { readonly config: TrainConfigInput };

const fashion = {
  data: "fashion-mnist",
  trainSize: 10_000,
  validSize: 1000,
  testSize: null,
  transforms: { train: [], eval: [] },
  normalise: { mean: [0.5], std: [0.5] },
  epochs: 50,
  batch: 512,
  optimizer: "sgd",
  learningRate: 0.1, // reached after 5 epochs: at once, a He start diverges and never quite recovers
  momentum: 0.9,
  weightDecay: 0,
  schedule: "cosine:5",
  smoothing: 0,
  precision: "fp32",
  seed: 1,
} as const;

const notebook = 'S. Hou, notebook "Deep Residual Learning for Image Recognition", section 4';

const declared: Readonly<Record<string, Declared>> = {
  "fashion-resnet34": {
    title: "ResNet-34 on 10,000 images of Fashion-MNIST, 50 epochs",
    source: notebook,
    expected: "test accuracy 0.88; the notebook, with a constant learning rate, prints 0.8685",
    config: {
      recipe: "fashion-resnet34",
      model: "resnet34",
      ...fashion,
      transforms: { train: [], eval: [] },
      normalise: { mean: [0.5], std: [0.5] },
    },
  },
  "fashion-resnet50": {
    title: "ResNet-50 on 10,000 images of Fashion-MNIST, 50 epochs",
    source: notebook,
    expected: "test accuracy near 0.87; the notebook prints none",
    config: {
      recipe: "fashion-resnet50",
      model: "resnet50",
      ...fashion,
      transforms: { train: [], eval: [] },
      normalise: { mean: [0.5], std: [0.5] },
    },
  },
};

export const recipes: Readonly<Record<string, Recipe>> = Object.fromEntries(
  Object.entries<Declared>({ ...declared, ...folderRecipes }).map(([name, { config, ...rest }]) => [
    name,
    { ...rest, config: parseConfig(config) },
  ]),
);

/** @throws {ResnetError} `ERR_RECIPE` for a name that does not exist; lists those that do */
export function findRecipe(name: string): Recipe {
  const recipe = Object.hasOwn(recipes, name) ? recipes[name] : undefined;
  if (!recipe)
    throw new ResnetError(
      "ERR_RECIPE",
      `there is no recipe "${name}": choose one of ${Object.keys(recipes).join(", ")}`,
    );
  return recipe;
}
