import { UsageError } from "../tensor/error.js";
import { didYouMean } from "../tensor/did-you-mean.js";
import { parseConfig, type TrainConfig } from "./config/config.js";
import { bestRecipes } from "./recipes/best.js";
import { cifarRecipes } from "./recipes/cifar.js";
import { d2lRecipes } from "./recipes/d2l.js";
import { folderRecipes } from "./recipes/folder.js";
import { fashionRecipes } from "./recipes/fashion.js";
import type { DeclaredRecipe, Recipe } from "./recipes/recipe.js";

export type { Recipe } from "./recipes/recipe.js";

/** Every recipe by name, checked, with its defaults filled in. */
export const recipes: Readonly<Record<string, Recipe>> = Object.fromEntries(
  Object.entries({
    ...fashionRecipes,
    ...d2lRecipes,
    ...cifarRecipes,
    ...bestRecipes,
    ...folderRecipes,
  }).map(([name, declared]) => [name, complete(name, declared)]),
);

function complete(name: string, declared: DeclaredRecipe): Recipe {
  const config = parseConfig({ recipe: name, ...declared.config });
  const trainings: Record<string, Partial<TrainConfig>> = {};
  for (const [training, own] of Object.entries(declared.trainings ?? {})) {
    const whole = parseConfig({ ...config, ...own });
    trainings[training] = Object.fromEntries(
      Object.entries(whole).filter(([field]) => Object.hasOwn(own, field)),
    );
  }
  return { variations: [], ...declared, config, trainings };
}

/** @throws {ResnetError} `ERR_RECIPE` for a name that does not exist; lists those that do */
export function findRecipe(name: string): Recipe {
  const recipe = Object.hasOwn(recipes, name) ? recipes[name] : undefined;
  const names = Object.keys(recipes);
  if (!recipe)
    throw new UsageError(
      "ERR_RECIPE",
      `there is no recipe "${name}"${didYouMean(name, names)}: choose one of ${names.join(", ")}`,
    );
  return recipe;
}
