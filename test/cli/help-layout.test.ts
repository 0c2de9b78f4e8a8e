import assert from "node:assert/strict";
import { test } from "node:test";
import { commands } from "../../src/node/cli/commands.js";
import { trainCommand } from "../../src/node/cli/commands/train.js";
import { layOutHelp } from "../../src/node/cli/help-layout.js";

for (const width of [80, 72, 40])
  test(`the help of every command fits a terminal of ${width} columns`, async () => {
    for (const { load } of Object.values(commands)) {
      const command = layOutHelp(await load()).configureOutput({ getOutHelpWidth: () => width });
      // The usage is wrapped when it is written; a single word, such as a path, cannot be.
      const lines = command.helpInformation().split("\n").slice(1);
      const long = lines.filter((line) => line.length > width && line.trim().includes(" "));
      assert.deepEqual(long, [], command.name());
    }
  });

test("the help of train has its options under headings", () => {
  const text = trainCommand().helpInformation();
  const headings = text.split("\n").filter((line) => /^\S.*:$/.test(line));
  assert.deepEqual(headings, [
    "Arguments:",
    "Model and first weights:",
    "Data:",
    "Optimization:",
    "Loss and regularization:",
    "Run:",
    "Machine:",
    "Options:",
  ]);
  assert.match(text.slice(text.indexOf("\nOptions:")), /^\nOptions:\n {2}-h, --help .*\n$/);
});
