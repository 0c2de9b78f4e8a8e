import type { z } from "zod";
import { ResnetError } from "../tensor/error.js";

/**
 * What a schema makes of plain data that people write.
 *
 * @param what its name, for the error
 * @throws {ResnetError} `ERR_CONFIG` that lists every finding at once
 */
export function parseSettings<T>(schema: z.ZodType<T>, value: unknown, what: string): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const findings = result.error.issues.map(({ path, message }) =>
    path.length > 0
      ? `${path.join(".")} is ${JSON.stringify(valueAt(value, path))}: ${message}`
      : message,
  );
  throw new ResnetError("ERR_CONFIG", `${what} is off: ${findings.join("; ")}`);
}

const valueAt = (value: unknown, path: readonly PropertyKey[]): unknown =>
  path.reduce(
    (inner: unknown, key) => (inner as Readonly<Record<PropertyKey, unknown>> | undefined)?.[key],
    value,
  );
