/** Control and format characters, and what breaks lines: they would move on the terminal, or turn the direction of writing. */
const unprintable = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

/**
 * A text out of a file, safe to print in an error: on one line, and not long.
 *
 * @param most characters to show
 */
export function printable(text: string, most = 100): string {
  const shown = text.length > most ? `${text.slice(0, most)}…` : text;
  return shown.replace(unprintable, "?");
}
