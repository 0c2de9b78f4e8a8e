// `npm test`: sets up what is missing, then runs every test.
//
//     npm test -- ops/conv2d planner         only the test files whose path contains one of these words
//     npm test -- --test-name-pattern=relu   anything that begins with a dash goes to `node --test`

import { mkdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { runNode } from "./child.mjs";
import { exitWith, listFiles, root, setUp } from "./setup.mjs";

/** The same results as the ones on the screen, in TAP. */
const results = path.join(root, "dist/test-results.tap");

const options = process.argv.slice(2).filter((word) => word.startsWith("-"));
const words = process.argv.slice(2).filter((word) => !word.startsWith("-"));

try {
  const { data } = setUp();
  if (!data) console.error("The data set is missing: tests on real data will fail or be skipped.");
  const files = listFiles("dist/test")
    .filter((file) => file.endsWith(".test.js"))
    .filter(
      (file) =>
        words.length === 0 || words.some((word) => file.includes(word.replace(/\.ts$/, ""))),
    );
  if (files.length === 0) {
    console.error(`No test file has ${words.map((word) => `'${word}'`).join(" or ")} in its path.`);
    process.exit(1);
  }
  mkdirSync(path.dirname(results), { recursive: true });
  const runner = `--test --test-concurrency=2 --test-timeout=600000 --enable-source-maps
    --test-reporter=spec --test-reporter-destination=stdout --test-reporter=tap`.split(/\s+/);
  const args = [...runner, `--test-reporter-destination=${results}`, ...options, ...files];
  process.exitCode = await runNode(args);
  // The spec reporter lists failures after its totals; repeat the totals so that they always come last.
  const closing = readFileSync(results, "utf8")
    .split("\n")
    .filter((line) => /^# [a-z_]+ \d/.test(line));
  console.log(closing.join("\n"));
} catch (error) {
  exitWith(error);
}
