import { nameInModel } from "../interop/weight-names.js";
import {
  createModel,
  models,
  defaultInput,
  hasOption,
  type VariantOptions,
} from "../models/catalog.js";
import { namedState } from "../nn/module.js";
import type { Weights } from "../interop/stored-array.js";

/** The variants of a network that files of weights may have. */
const variants: readonly VariantOptions[] = [{}, { stem: "cifar" }, { shortcut: "B" }];

/** More than twice the entries of the largest model: a file with more is not compared with every model. */
const mostEntries = 3000;

/**
 * The models of the catalogue that weights fit best by names and shapes, as flags of a command; undefined where no model has
 * half of the entries, or the file has more than 3,000. Several models can have the same entries, such as a network and the one without its shortcuts.
 */
export function likeliestModel(weights: Weights): string | undefined {
  if (weights.size > mostEntries) return undefined;
  let best = { score: 0.5, names: [] as string[] };
  for (const model of Object.keys(models)) {
    for (const variant of variants) {
      const options = Object.entries(variant);
      if (!options.every(([option]) => hasOption(model, option))) continue;
      const score = scoreOf(weights, model, variant);
      if (score < best.score) continue;
      const flags = options.map(([option, value]) => ` --model-option ${option}=${value}`);
      const name = `--model ${model}${flags.join("")}`;
      best = { score, names: score === best.score ? [...best.names, name] : [name] };
    }
  }
  return best.names.length > 0 ? best.names.join(" or ") : undefined;
}

/** Entries that the file and the model share, out of all that either has. Channels and classes do not count. */
function scoreOf(weights: Weights, model: string, variant: VariantOptions): number {
  const { classes, image } = defaultInput(model);
  const module = createModel(model, { ...variant, classes, channels: image[0] });
  const shapes = new Map([...namedState(module)].map(([name, leaf]) => [name, leaf.torchShape]));
  const { names, head } = nameInModel(weights, shapes);
  const [first] = [...shapes].find(([, shape]) => shape.length === 4) ?? [];
  const free = (name: string): number =>
    name === first ? 1 : head && name.startsWith(`${head.path}.`) ? 0 : -1;
  let shared = 0;
  let own = 0;
  for (const [fileName, name] of names) {
    if (fileName.endsWith("num_batches_tracked")) continue;
    own++;
    const shape = shapes.get(name);
    const found = weights.get(fileName)!.shape;
    const isSame =
      shape?.length === found.length &&
      shape.every((size, axis) => axis === free(name) || size === found[axis]);
    if (isSame) shared++;
  }
  return shared / (shapes.size + own - shared);
}
