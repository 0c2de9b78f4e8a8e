import type { AnyModule } from "./module.js";

/**
 * A module as the tree of its layers with their options, as PyTorch prints it:
 *
 *     BasicBlock(
 *       (conv1): Conv2d(64, 64, 3, { padding: 1, bias: false })
 *       …
 *     )
 *
 * @param children the modules in its fields, by name
 */
export function describeTree(module: AnyModule, children: ReadonlyMap<string, AnyModule>): string {
  const name = module.constructor.name;
  if (children.size === 0) return `${name}(${module.describe()})`;
  const lines = [...children].map(([field, child]) => `  (${field}): ${indent(String(child))}`);
  return `${name}(\n${lines.join("\n")}\n)`;
}

const indent = (text: string): string => text.replaceAll("\n", "\n  ");

/** A size as it is written in a call: `3` or `[3, 1]`. */
export const describeSize = (size: number | readonly number[]): number | string =>
  typeof size === "number" ? size : `[${size.join(", ")}]`;

/** Arguments as they are written in a call: `3, 64, 7, { stride: 2 }`. Options that have their default are left out. */
export function formatArguments(
  positional: readonly (number | string)[],
  options: Readonly<Record<string, unknown>> = {},
  defaults: Readonly<Record<string, unknown>> = {},
): string {
  const given = Object.entries(options).filter(([name, value]) => value !== defaults[name]);
  const object = given.map(([name, value]) => `${name}: ${JSON.stringify(value)}`).join(", ");
  return [...positional.map(String), ...(object ? [`{ ${object} }`] : [])].join(", ");
}
