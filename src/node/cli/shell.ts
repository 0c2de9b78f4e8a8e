import path from "node:path";

/** The words by which this program was started: the installed command, or the file of a clone. */
export function program(): string[] {
  const [, script = ""] = process.argv;
  if (path.basename(script) !== "main.js") return ["resnet"];
  const relative = path.relative(process.cwd(), script);
  return ["node", relative.startsWith("..") ? script : relative];
}

/** A word as a shell takes it. */
export const quote = (word: string): string =>
  /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
