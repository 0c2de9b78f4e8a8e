/**
 * Lines of a table: columns two spaces apart, words to the left and numbers to the right.
 *
 * @param rows cells as text; a row may lack its last ones
 * @param words how many columns, from the first, hold words. Default 1
 */
export function formatTable(rows: readonly (readonly string[])[], words = 1): string[] {
  const columns = Math.max(0, ...rows.map((row) => row.length));
  const widths = Array.from({ length: columns }, (_, i) =>
    Math.max(...rows.map((row) => row[i]?.length ?? 0)),
  );
  const aligned = (cell: string, i: number): string =>
    i < words ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!);
  return rows.map((row) => row.map(aligned).join("  ").trimEnd());
}

/**
 * JSON for people and programs: two spaces for each level, and an array of numbers on one line, so that a matrix has a line for
 * each row.
 */
export const formatJson = (document: unknown): string =>
  format(JSON.parse(JSON.stringify(document) ?? "null"), "");

function format(value: unknown, indent: string): string {
  const inner = `${indent}  `;
  if (Array.isArray(value)) {
    if (value.every((each) => typeof each === "number" || each === null))
      return `[${value.map((each) => JSON.stringify(each)).join(", ")}]`;
    return block(
      "[",
      value.map((each) => inner + format(each, inner)),
      indent,
      "]",
    );
  }
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const fields = Object.entries(value).map(
    ([name, each]) => `${inner}${JSON.stringify(name)}: ${format(each, inner)}`,
  );
  return block("{", fields, indent, "}");
}

const block = (open: string, lines: readonly string[], indent: string, close: string): string =>
  lines.length === 0 ? open + close : `${open}\n${lines.join(",\n")}\n${indent}${close}`;
