/**
 * Control and format characters, and what breaks lines: they would move on the terminal, or turn the direction of
 * writing. The two joiners do neither, and some scripts cannot be read without them.
 */
const unprintable = /(?![\u200c\u200d])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

/**
 * A text out of a file, such as the name of a class, safe to print: on one line, and not long.
 *
 * @param most characters to show
 */
export function printable(text: string, most = 100): string {
  const shown = text.length > most ? `${text.slice(0, most)}…` : text;
  return shown.replace(unprintable, "?");
}

/** The first ten of some names, and how many more there are. */
export function printableList(names: readonly string[]): string {
  const some = names.slice(0, 10).map((name) => printable(name));
  const more = names.length > 10 ? `, … and ${names.length - 10} more` : "";
  return some.join(", ") + more;
}

/** Lines, each safe to print, whatever stands in them. */
export const printableLines = (text: string): string =>
  text
    .split("\n")
    .map((line) => printable(line, Infinity))
    .join("\n");

/** JSON that is safe to print: with the same values, since what terminals obey and JSON leaves as it is becomes `\u009b`. */
export const printableJson = (json: string): string =>
  json.replace(/[\u007f-\u009f]/g, (control) => `\\u00${control.charCodeAt(0).toString(16)}`);
