import { Command } from "commander";
import { findRecipe, recipes, type Recipe } from "../../../train/recipes.js";
import { jsonOption } from "../options.js";
import { Output } from "../output.js";

export const recipesCommand = (): Command =>
  new Command("recipes")
    .summary("list the named training set-ups, their source and expected result")
    .argument("[recipe]", "one of them, with everything that it sets")
    .addOption(jsonOption())
    .addHelpText("after", "\nExample:\n  resnet recipes degradation")
    .action((name: string | undefined, { json }: { readonly json?: boolean }) => {
      const output = new Output(json ?? false);
      if (name === undefined) output.result(recipes, list());
      else output.result(findRecipe(name), describe(name, findRecipe(name)));
    });

const list = (): string =>
  [
    ...Object.entries(recipes).map(entry),
    "resnet recipes NAME shows one with everything that it sets, and what else is worth a try.",
  ].join("\n\n");

const entry = ([name, { title, source, expected }]: readonly [string, Recipe]): string =>
  `${name}\n  ${title}\n  from      ${source}\n  expected  ${expected}`;

function describe(name: string, recipe: Recipe): string {
  const { variations, config, trainings } = recipe;
  const tries = variations.map(({ flags, why }) => `  resnet train ${name} ${flags}\n    ${why}`);
  const parts = Object.entries(trainings).map(
    ([training, own]) => `  ${training}: ${JSON.stringify(own)}`,
  );
  return [
    entry([name, recipe]),
    ...(parts.length > 0 ? ["", "compares", ...parts] : []),
    ...(tries.length > 0 ? ["", "try also", ...tries] : []),
    "",
    JSON.stringify(config, null, 2),
  ].join("\n");
}
