import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Output, wrapWords } from "../../src/node/cli/output.js";

/** An output whose streams are terminals of so many columns, and what was written. */
function onTerminal(columns: number, json = false) {
  const written = { stdout: "", stderr: "" };
  const stream = (name: keyof typeof written) =>
    ({ isTTY: true, columns, write: (text: string) => (written[name] += text) }) as never;
  const streams = { stdout: stream("stdout"), stderr: stream("stderr") };
  return { output: new Output(json, streams), written };
}

describe("text on a narrow terminal", () => {
  const line = "normalized by mean 0.1307 and deviation 0.3081 of the training images";

  test("breaks between words, in lines, notices and results", () => {
    const { output, written } = onTerminal(40);
    output.say(line);
    output.notice(line);
    output.result({}, line);
    const broken = "normalized by mean 0.1307 and deviation\n  0.3081 of the training images\n";
    assert.deepEqual(written, { stdout: broken + broken, stderr: broken });
  });

  test("stays as it is where there is room, where columns are unknown, and in a JSON document", () => {
    for (const columns of [69, 0]) {
      const { output, written } = onTerminal(columns);
      output.say(line);
      assert.equal(written.stdout, `${line}\n`);
    }
    const { output, written } = onTerminal(40, true);
    output.result({ line }, "");
    assert.equal(written.stdout, `{\n  "line": "${line}"\n}\n`);
  });

  test("keeps tables, indents, and words that are longer than the terminal", () => {
    assert.equal(wrapWords("class  training  validation", 10), "class  training  validation");
    assert.equal(wrapWords("  one two three", 9), "  one two\n    three");
    assert.equal(wrapWords("in /a/very/long/path here", 8), "in\n  /a/very/long/path\n  here");
    assert.equal(wrapWords("\nab cd\n\nef", 3), "\nab\n  cd\n\nef");
  });
});
