import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  printable,
  printableJson,
  printableLines,
  printableList,
} from "../../src/tensor/printable.js";

const escapes = "\u001b[31mred\u009b2J\u0007\r\u007f";

describe("text out of a file is printed", () => {
  test("on one line, without what moves or turns it", () => {
    assert.equal(printable(escapes), "?[31mred?2J???");
    assert.equal(printable("a\nb\u2028c\u2029d\u202ee\u200bf\u2066g"), "a?b?c?d?e?f?g");
  });

  test("in any script", () => {
    for (const name of ["三毛猫", "Ñandú", "نمی‌خواهم", "क्‍ष", "👩‍🔬 🦆", "a b"]) {
      assert.equal(printable(name), name);
    }
  });

  test("not at length", () => {
    assert.equal(printable("x".repeat(101)), `${"x".repeat(100)}…`);
    const names = Array.from({ length: 12 }, (_, i) => `${i}\n`);
    assert.equal(printableList(names), "0?, 1?, 2?, 3?, 4?, 5?, 6?, 7?, 8?, 9?, … and 2 more");
    assert.equal(printableList(["a", "b"]), "a, b");
  });

  test("in lines", () => {
    const long = "x".repeat(1000);
    assert.equal(printableLines(`a\u001bb\n\n${long}\n`), `a?b\n\n${long}\n`);
  });

  test("as JSON of the same values", () => {
    const values = { text: `${escapes}三毛猫\n\u0080`, list: [1, null] };
    const json = printableJson(JSON.stringify(values));
    assert.deepEqual(JSON.parse(json), values);
    assert.match(json, /^[\n\u0020-\u007e三毛猫]+$/);
  });
});
