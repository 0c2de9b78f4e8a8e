import { Command } from "commander";
import { recipes } from "../train/recipes.js";
import { jsonOption } from "./options.js";
import { Output } from "./output.js";

export const recipesCommand = (): Command =>
  new Command("recipes")
    .summary("list the named training set-ups, their source and expected result")
    .addOption(jsonOption())
    .action(({ json }: { readonly json?: boolean }) => {
      const text = Object.entries(recipes).map(
        ([name, { title, source, expected }]) =>
          `${name}\n  ${title}\n  from      ${source}\n  expected  ${expected}`,
      );
      new Output(json ?? false).result(recipes, text.join("\n\n"));
    });
