#!/usr/bin/env node
import { Command, CommanderError } from "commander";
import { ResnetError } from "../../tensor/error.js";
import { commandsFor } from "./commands.js";
import { layOutHelp } from "./help-layout.js";
import { surviveFailedOutput, writeText } from "./output.js";
import { packageVersion } from "./package-version.js";

const program = new Command("resnet")
  .description("Defines, trains, evaluates and inspects residual networks.")
  .version(packageVersion)
  .option("--debug", "show the stack of an error")
  .addHelpText(
    "after",
    "\nEnvironment:\n  RESNET_MAX_MEGAPIXELS\n    the largest picture that is decoded, all frames together (default: 64)",
  );
for (const command of await commandsFor(process.argv.slice(2))) program.addCommand(command);
forEachCommand(program, (command) =>
  layOutHelp(command).exitOverride().showSuggestionAfterError().allowExcessArguments(false),
);

surviveFailedOutput();

try {
  await program.parseAsync();
} catch (error) {
  process.exitCode = report(error);
}

function forEachCommand(command: Command, visit: (command: Command) => void): void {
  visit(command);
  for (const child of command.commands) forEachCommand(child, visit);
}

/** Prints an error as one sentence, with its stack only on `--debug`. @returns the exit code */
function report(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2; // commander has printed it
  const debug = process.argv.includes("--debug");
  const text = error instanceof Error ? (debug ? error.stack : error.message) : String(error);
  writeText(process.stderr, `error: ${text}`);
  if (!(error instanceof ResnetError) && !debug)
    writeText(process.stderr, "This is a fault of resnet-ts; --debug shows where.");
  return error instanceof ResnetError && error.isUsage ? 2 : 1;
}
