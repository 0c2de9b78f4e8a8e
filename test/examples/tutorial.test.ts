import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { describe, test } from "node:test";

const page = readFileSync("docs/tutorial.md", "utf8");

describe("docs/tutorial.md", () => {
  test("has the code of examples/tutorial.ts, in its order", () => {
    const blocks = [...page.matchAll(/```ts\n(.*?)```/gs)].map(([, code]) => code!);
    const [, ...lines] = readFileSync("examples/tutorial.ts", "utf8").split("\n");
    assert.equal(blocks.join("\n"), lines.join("\n")); // below the comment on the first line
  });

  test("shows pictures that are there, and that its code draws", () => {
    const pictures = [...page.matchAll(/\]\((images\/[^)]*)\)/g)].map(([, file]) => file!);
    assert.equal(pictures.length, 4);
    for (const picture of pictures) {
      assert.ok(existsSync(path.join("docs", picture)), picture);
      assert.ok(page.includes(`\${pictures}/${path.basename(picture)}\``), picture);
    }
  });
});
