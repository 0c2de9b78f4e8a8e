// Scripts, comments and pages name files of the project by their paths. Nothing else notices when such a file moves.
import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { packageRoot } from "../helpers/fixtures.js";

const folders = ["docs", "src", "native", "scripts", "tools", "examples", ".ci"];
const pathFromRoot =
  /(?<![\w./-])(?:dist\/)?(?:src|native|test|tools|scripts|examples|docs|bench)\/[\w./-]+\.(?:ts|js|mjs|cc|h|py|md|json)\b/g;
/** Pages leave `src/` out. */
const pathInPage = /`([\w-]+\/[\w./-]+\.(?:ts|mjs|cc|h|py))`/g;
/** The operation that CONTRIBUTING.md adds as an example. */
const example = "src/ops/selu.ts";

const isThere = (file: string): boolean => existsSync(path.join(packageRoot, file));
/** What a path in `dist/` is compiled from. */
const sourceOf = (file: string): string => file.replace(/^dist\/(.*)\.js$/, "$1.ts");

test("every path that a script, a comment or a page names is there", () => {
  const files = readdirSync(packageRoot)
    .filter((name) => /\.(md|json)$/.test(name) && name !== "package-lock.json")
    .concat(
      folders.flatMap((folder) =>
        readdirSync(path.join(packageRoot, folder), { recursive: true, encoding: "utf8" })
          .filter((name) => !name.startsWith("build"))
          .filter((name) => /(\.(ts|mjs|py|cc|h|md)|Makefile|run)$/.test(name))
          .map((name) => path.join(folder, name)),
      ),
    );
  const dead = files.flatMap((file) => {
    const text = readFileSync(path.join(packageRoot, file), "utf8");
    const fromRoot = [...text.matchAll(pathFromRoot)].map(([name]) => sourceOf(name));
    const inPage = file.endsWith(".md") ? [...text.matchAll(pathInPage)] : [];
    return [
      ...fromRoot.filter((name) => !isThere(name)),
      ...inPage
        .map(([, name]) => name!)
        .filter((name) => !["", "src", "native"].some((at) => isThere(path.join(at, name)))),
    ].map((name) => `${file}: ${name}`);
  });
  assert.deepEqual([...new Set(dead)], [`CONTRIBUTING.md: ${example}`]);
});

test("every link of a page leads to a file, and to a heading in it", () => {
  const pages = readdirSync(path.join(packageRoot, "docs"))
    .filter((name) => name.endsWith(".md"))
    .map((name) => `docs/${name}`)
    .concat("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "tools/README.md");
  const textOf = (page: string): string => readFileSync(path.join(packageRoot, page), "utf8");
  /** GitHub's anchors: lower case, without punctuation, hyphens for spaces. */
  const anchorsOf = (page: string): readonly string[] =>
    [...textOf(page).matchAll(/^#+ (.*)$/gm)].map(([, heading]) =>
      heading!
        .toLowerCase()
        .replace(/[^\w\- ]/g, "")
        .replaceAll(" ", "-"),
    );
  const dead = pages.flatMap((page) =>
    [...textOf(page).matchAll(/\]\(([^)\s]+)\)/g)]
      .map(([, link]) => link!)
      .filter((link) => !/^https?:/.test(link))
      .filter((link) => {
        const [file = "", anchor] = link.split("#");
        const target = file === "" ? page : path.posix.join(path.posix.dirname(page), file);
        return !isThere(target) || (anchor !== undefined && !anchorsOf(target).includes(anchor));
      })
      .map((link) => `${page}: ${link}`),
  );
  assert.deepEqual(dead, []);
});
