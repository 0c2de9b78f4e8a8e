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
