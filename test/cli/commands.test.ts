// The list of commands says the same as the commands themselves, which are loaded only when they are used.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import { Help } from "commander";
import { commands, commandsFor, listed } from "../../src/node/cli/commands.js";
import { main } from "../helpers/resnet-command.js";

test("each command is listed as it describes itself", async () => {
  const help = new Help();
  for (const [name, entry] of Object.entries(commands)) {
    const [shown, own] = [listed(name, entry), await entry.load()];
    assert.equal(own.name(), name);
    assert.equal(help.subcommandTerm(shown), help.subcommandTerm(own));
    assert.equal(help.subcommandDescription(shown), help.subcommandDescription(own));
  }
});

test("a command line loads its own command, wherever options stand", async () => {
  for (const words of [
    ["train", "--epochs", "1"],
    ["--debug", "train"],
    ["help", "train"],
  ]) {
    const loaded = (await commandsFor(words)).filter(({ options }) => options.length > 1);
    assert.deepEqual(
      loaded.map((command) => command.name()),
      ["train"],
    );
  }
});

test("--version and --help load no library but commander", () => {
  for (const flag of ["--version", "--help"]) {
    const script = `
      process.argv[2] = ${JSON.stringify(flag)};
      process.on("exit", () => console.error(Object.keys(require.cache).join("\\n")));
      import(${JSON.stringify(main)});`;
    const { stderr, stdout } = spawnSync(process.execPath, ["--eval", script, "main"], {
      encoding: "utf8",
    });
    assert.ok(stdout.length > 0, stderr);
    const libraries = stderr.match(/node_modules\/(?:@[^/]+\/)?[^/]+/g) ?? [];
    assert.deepEqual([...new Set(libraries)], ["node_modules/commander"]);
  }
});
