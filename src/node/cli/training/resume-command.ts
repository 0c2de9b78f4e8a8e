import path from "node:path";
import type { Option, OptionValues } from "commander";

/**
 * The command that goes on with a run, to be typed into a shell.
 *
 * @param options those that a resumed run needs again, since they are not part of its configuration
 */
export function resumeCommand(
  directory: string,
  flags: OptionValues,
  options: readonly Option[],
): string {
  const given = options.flatMap((option) => {
    const value: unknown = flags[option.attributeName()];
    return value === option.defaultValue ? [] : [option.long!, String(value)];
  });
  return [...program(), "train", "--resume", directory, ...given].map(quote).join(" ");
}

/** The words by which this program was started: the installed command, or the file of a clone. */
function program(): string[] {
  const [, script = ""] = process.argv;
  if (path.basename(script) !== "main.js") return ["resnet"];
  const relative = path.relative(process.cwd(), script);
  return ["node", relative.startsWith("..") ? script : relative];
}

const quote = (word: string): string =>
  /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
