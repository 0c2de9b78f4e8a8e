import type { z } from "zod";
import { expected } from "./expected.js";
import { UsageError, type ResnetError } from "../tensor/error.js";
import { printable } from "../tensor/printable.js";

/** More than anybody reads of a file that was made to have more. */
const maxFindings = 20;

/**
 * Plain data from people or files, parsed by a schema.
 *
 * @param what its name, for the error
 * @param refuse makes the error. Default: `ERR_CONFIG`
 * @throws {ResnetError} the one that `refuse` makes, which lists every finding at once
 */
export function parseSettings<T>(
  schema: z.ZodType<T>,
  value: unknown,
  what: string,
  refuse: (message: string, options: ErrorOptions) => ResnetError = (message, options) =>
    new UsageError("ERR_CONFIG", message, options),
): T {
  const result = schema.safeParse(value, { error: expected });
  if (result.success) return result.data;
  const { issues } = result.error;
  const findings = issues.slice(0, maxFindings).map(({ path, message }) => {
    const finding = printable(message, 500);
    if (path.length === 0) return finding;
    const found = JSON.stringify(valueAt(value, path)) ?? "missing";
    return `${printable(path.join("."))} is ${printable(found)}: ${finding}`;
  });
  if (issues.length > maxFindings) findings.push(`… and ${issues.length - maxFindings} more`);
  throw refuse(`${what} is off: ${findings.join("; ")}`, { cause: result.error });
}

const valueAt = (value: unknown, path: readonly PropertyKey[]): unknown =>
  path.reduce(
    (inner: unknown, key) => (inner as Readonly<Record<PropertyKey, unknown>> | undefined)?.[key],
    value,
  );
