import { didYouMean } from "../tensor/did-you-mean.js";
import { UsageError } from "../tensor/error.js";
import { printable } from "../tensor/printable.js";
import { defaultInput } from "../models/catalog.js";
import type { PretrainedWeights } from "./pretrained-weights.js";
import { table } from "./table.js";

/**
 * All weights that have a name, or those of one model.
 *
 * @param model a name of the catalogue
 * @throws {ResnetError} `ERR_MODEL` for a model that is not in the catalogue
 */
export function listPretrained(model?: string): readonly PretrainedWeights[] {
  if (model === undefined) return table;
  defaultInput(model); // refuses a name that is not in the catalogue
  return table.filter((each) => each.model === model);
}

/** @throws {ResnetError} `ERR_PRETRAINED` for a name that is not in the table; suggests those that are */
export function findPretrained(name: string): PretrainedWeights {
  const found = table.find((each) => each.name === name);
  if (found) return found;
  const ofModel = table.filter(({ model }) => model === name.split(".", 1)[0]);
  const choice =
    ofModel.length > 0
      ? `: choose one of ${ofModel.map((each) => each.name).join(", ")}`
      : `${didYouMean(
          name,
          table.map((each) => each.name),
        )}: resnet pretrained list shows all`;
  throw new UsageError(
    "ERR_PRETRAINED",
    `there are no pretrained weights "${printable(name)}"${choice}; weights on the Hugging Face Hub are hf:OWNER/NAME`,
  );
}
