const widestBar = 24;
const narrowestBar = 8;

/**
 * A line that says how far something is, no wider than the terminal: a bar, the percentage, and the details. Where there is no
 * room the bar goes first, then the details from the left on: the last ones matter most.
 *
 * @param share of the work that is done, 0 … 1
 * @param width columns of the terminal
 */
export function progressLine(share: number, details: readonly string[], width: number): string {
  const percentage = `${Math.floor(100 * share)}%`;
  for (let dropped = 0; dropped < details.length; dropped++) {
    const text = [percentage, ...details.slice(dropped)].join(" | ");
    if (text.length > width) continue;
    const room = Math.min(widestBar, width - text.length - 1);
    return room < narrowestBar ? text : `${bar(share, room)} ${text}`;
  }
  return percentage;
}

function bar(share: number, length: number): string {
  const done = Math.floor(share * length);
  return "━".repeat(done) + "─".repeat(length - done);
}

/** Fields on one line, or broken between fields where the terminal is narrower. */
export const wrapFields = (fields: readonly string[], width: number): string =>
  fields.reduce((text, field) => {
    const lastLine = text.slice(text.lastIndexOf("\n") + 1);
    const fits = lastLine.length + 3 + field.length <= width;
    return `${text}${fits ? "   " : "\n  "}${field}`;
  });
