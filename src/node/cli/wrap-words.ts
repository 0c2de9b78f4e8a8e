/**
 * Text whose lines are broken between words where the terminal is narrower; what follows a break is indented as its line is, and two more.
 * Tables, whose columns are apart by two spaces or more, stay as they are.
 *
 * @param width columns of the terminal
 */
export const wrapWords = (text: string, width: number): string =>
  text
    .split("\n")
    .map((line) => (line.length <= width || isTable(line) ? line : wrapLine(line, width)))
    .join("\n");

const isTable = (line: string): boolean => /\S {2}/.test(line);

function wrapLine(line: string, width: number): string {
  const indent = /^ */.exec(line)![0];
  const lines = [""];
  for (const word of line.trim().split(" ")) {
    const last = lines.at(-1)!;
    const start = lines.length === 1 ? indent : `${indent}  `;
    if (last === "") lines[lines.length - 1] = start + word;
    else if (last.length + 1 + word.length <= width) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(`${indent}  ${word}`);
  }
  return lines.join("\n");
}
