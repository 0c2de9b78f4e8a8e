import { Linear } from "../nn/linear.js";
import { namedModules, namedParameters, type AnyModule } from "../nn/module.js";
import { didYouMean } from "../tensor/did-you-mean.js";
import { UsageError } from "../tensor/error.js";

/** How the parts of a model are trained. Parts go by the paths of their modules and parameters. */
export interface ParameterGroups {
  /** Whether a module or parameter keeps its values, and the module its evaluation mode. */
  readonly isFrozen: (path: string) => boolean;
  /** The factor on the learning rate of a parameter. */
  readonly lrScale: (path: string) => number;
}

interface GroupSettings {
  readonly freeze: readonly string[];
  readonly lrScales: Readonly<Record<string, number>>;
}

/**
 * The groups that a configuration makes of a model's parameters. Parts are named by a module's path (`layer1`,
 * `layer4.1.conv2`), or as `stem`, what lies before `layer1`; `head`, the last linear layer; `backbone`, all but the
 * head. Of several rate factors the longest name counts.
 *
 * @throws {ResnetError} `ERR_CONFIG` for a part that the model does not have, or where nothing is left to train
 */
export function parameterGroups(
  model: AnyModule,
  { freeze, lrScales }: GroupSettings,
): ParameterGroups {
  const frozen = freeze.map((part) => covers(model, "freeze", part));
  const factors = Object.entries(lrScales)
    .sort(([a], [b]) => b.length - a.length)
    .map(([part, factor]) => ({ isMember: covers(model, "lrScales", part), factor }));
  const isFrozen = (path: string): boolean => frozen.some((isMember) => isMember(path));
  if ([...namedParameters(model).keys()].every(isFrozen))
    throw new UsageError("ERR_CONFIG", `freeze [${freeze.join(", ")}] leaves nothing to train`);
  return {
    isFrozen,
    lrScale: (path) => factors.find(({ isMember }) => isMember(path))?.factor ?? 1,
  };
}

/** Whether a path belongs to the part of that name. */
function covers(model: AnyModule, field: string, part: string): (path: string) => boolean {
  const modules = namedModules(model);
  const parts = [...modules.keys()].filter((path) => /^[^.]+$/.test(path));
  const head = headOf(model);
  const within = (name: string) => (path: string) => path === name || path.startsWith(`${name}.`);
  const first = parts.indexOf("layer1");
  if (modules.has(part) && part !== "") return within(part);
  if (part === "head" && head) return within(head);
  if (part === "backbone" && head) return (path) => path !== "" && !within(head)(path);
  if (part === "stem" && first > 0)
    return (path) => parts.slice(0, first).some((name) => within(name)(path));
  const known = ["head", "backbone", "stem", ...modules.keys()];
  throw new UsageError(
    "ERR_CONFIG",
    `${field}: the model has no part "${part}"${didYouMean(part, known)}: choose head, backbone, stem where there is a layer1, ` +
      `or a module such as ${parts.join(", ")}`,
  );
}

/** The path of the head: the last linear layer, which tells the classes apart. */
export const headOf = (model: AnyModule): string | undefined =>
  [...namedModules(model)].findLast(([, module]) => module instanceof Linear)?.[0];
