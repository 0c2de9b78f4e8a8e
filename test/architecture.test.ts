// The rules of the house (docs/architecture.md), checked on every file. A rule that is in the way may be
// changed, but here and in docs/architecture.md together.
import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url)); // from dist/test

/** Each folder of src/, in reading order, and the folders it may import besides itself and tensor. */
const mayImport: Readonly<Record<string, readonly string[]>> = {
  tensor: [],
  graph: [],
  ops: ["graph"],
  autodiff: ["graph", "ops"],
  functional: ["graph", "ops"],
  nn: ["graph", "ops", "functional"],
  models: ["graph", "ops", "functional", "nn"],
  program: [],
  planner: ["graph", "ops", "program"],
  executors: ["program"],
  "executors/reference": ["executors", "program", "graph", "ops"],
  "executors/webgpu": ["executors", "executors/reference", "program", "graph", "ops"],
  pickle: [],
  tar: [],
  storage: [],
  data: ["pickle"],
  interop: ["pickle", "tar", "graph", "program"],
  runtime: ["graph", "functional", "planner", "program", "executors", "interop"],
  checkpoint: ["graph", "nn", "models", "executors", "data", "interop"],
  pretrained: ["models", "data"],
  predict: [...allAbove("predict")],
  train: [...allAbove("predict")],
  report: [...allAbove("report")],
  public: [...allAbove("report"), "predict", "report"], // one file per subpath of package.json
  "index.ts": [...allAbove("report"), "predict", "report", "public"],
  "node/native": ["executors", "program"],
  "node/webgpu": ["executors", "executors/webgpu"],
  "node/files": ["interop"],
  "node/net": [],
  "node/data": ["data", "tar", "node/files", "node/net", "node/native"],
  "node/interop": ["interop", "pickle", "node/files"],
  "node/pretrained": [...allAbove("predict"), ...nodeFolders("interop")],
  "node/runs": [...allAbove("report"), ...nodeFolders("pretrained")],
  "node/predict": ["checkpoint", "predict", "executors", "node/data", "node/runs"],
  "node/report": [...allAbove("report"), "predict", "report", ...nodeFolders("runs")],
  "node/train": [...allAbove("report"), "predict", "report", ...nodeFolders("report")],
  "node/public": [...allAbove("report"), "predict", "report", "public", ...nodeFolders("train")],
  "node.ts": ["index.ts", "node/public"],
  "node/bench": [...allAbove("report"), "predict", "report", ...nodeFolders("train")],
  "node/cli": [...allAbove("report"), "predict", "report", ...nodeFolders("bench"), "index.ts"],
};

/** The only folder whose sources may import `node:*`: the rest runs wherever JavaScript runs. */
const nodeDoor = "node/";

/** The libraries, and the folders they were chosen for. */
const libraries: Readonly<Record<string, readonly string[]>> = {
  commander: ["node/cli"],
  "cli-progress": ["node/cli"],
  "d3-scale": ["report"],
  sharp: ["node/data", "node/report"],
  tinyglobby: ["node/data"],
  "csv-parse": ["node/data"],
  fflate: ["interop"],
  protobufjs: ["interop"],
  undici: ["node/net"],
  webgpu: ["node/webgpu"],
  yauzl: ["node/data"],
  "@noble/hashes": ["checkpoint"],
  zod: [
    "data",
    "checkpoint",
    "pretrained",
    "train",
    "node/files",
    "node/interop",
    "node/runs",
    "node/cli",
  ],
};

const maxLines = 500;

/** Sources by path relative to their top folder. */
type Sources = ReadonlyMap<string, string>;

interface Import {
  readonly from: string;
  readonly to: string;
  /** `import type`: gone when the code runs. */
  readonly typeOnly: boolean;
}

function allAbove(folder: "predict" | "report"): string[] {
  const below = ["graph", "ops", "functional", "autodiff", "nn", "models", "program", "planner"];
  below.push(
    "executors",
    "executors/reference",
    "executors/webgpu",
    "pickle",
    "tar",
    "storage",
    "data",
    "interop",
    "runtime",
    "checkpoint",
    "pretrained",
  );
  return folder === "predict" ? below : [...below, "train"];
}

/** The folders of src/node/ up to that one, in reading order. */
function nodeFolders(
  last: "interop" | "pretrained" | "runs" | "report" | "train" | "bench",
): string[] {
  const all = ["native", "webgpu", "files", "net", "data", "interop", "pretrained", "runs"];
  all.push("predict", "report", "train", "bench");
  return all.slice(0, all.indexOf(last) + 1).map((folder) => `node/${folder}`);
}

/** The row of the table that a source falls under: its longest prefix. */
function rowOf(file: string): string {
  const [folder = "", subfolder = ""] = file.split("/");
  return `${folder}/${subfolder}` in mayImport ? `${folder}/${subfolder}` : folder;
}

/** Every import, type import, dynamic import and re-export, with relative targets resolved to sources. */
function importsOf(sources: Sources): Import[] {
  const pattern =
    /^(?:import|export)\s+(type\s+)?(?:[\w\s,{}*$]+?\sfrom\s+)?["']([^"']+)["']|\bimport\(\s*["']([^"']+)["']/gm;
  return [...sources].flatMap(([from, text]) =>
    [...text.matchAll(pattern)].map(([, type, target = "", dynamic]) => {
      const name = dynamic ?? target;
      const relative = path.posix.join(path.posix.dirname(from), name).replace(/\.js$/, ".ts");
      return { from, to: name.startsWith(".") ? relative : name, typeOnly: Boolean(type) };
    }),
  );
}

function wrongDirections(sources: Sources): string[] {
  const problems: string[] = [];
  for (const { from, to } of importsOf(sources).filter((each) => sources.has(each.to))) {
    const [row, target] = [rowOf(from), rowOf(to)];
    const allowed = mayImport[row];
    if (!allowed) {
      problems.push(
        `src/${from}: folder ${row}/ has no row in the table; add one here and in docs/architecture.md`,
      );
    } else if (row !== target && target !== "tensor" && !allowed.includes(target)) {
      // A folder that has rows for its parts may also use them from its own top, to choose among them.
      if (target.startsWith(`${row}/`)) continue;
      const list = ["tensor", ...allowed].join(", ");
      problems.push(
        `src/${from} imports src/${to}, but ${row} may import only ${list}; move the code or pass it in`,
      );
    }
  }
  return problems;
}

/** Files that need each other to load. Types may refer to each other: a tensor to its node, a node to its tensors. */
function cycles(sources: Sources): string[] {
  const targets = new Map<string, string[]>();
  for (const { from, to, typeOnly } of importsOf(sources)) {
    if (sources.has(to) && !typeOnly) targets.set(from, [...(targets.get(from) ?? []), to]);
  }
  const problems: string[] = [];
  const done = new Set<string>();
  const visit = (file: string, trail: readonly string[]): void => {
    const start = trail.indexOf(file);
    if (start >= 0) {
      const cycle = [...trail.slice(start), file].map((each) => `src/${each}`).join(" -> ");
      problems.push(`import cycle: ${cycle}; move what both need to a file of its own`);
    } else if (!done.has(file)) {
      for (const target of targets.get(file) ?? []) visit(target, [...trail, file]);
      done.add(file);
    }
  };
  for (const file of sources.keys()) visit(file, []);
  return problems;
}

function wrongNodeImports(sources: Sources): string[] {
  return importsOf(sources)
    .filter(({ from, to }) => to.startsWith("node:") && !from.startsWith(nodeDoor))
    .map(
      ({ from, to }) =>
        `src/${from} imports ${to}; let a caller in src/${nodeDoor} do it and pass the result in`,
    );
}

/** The modules that run in any JavaScript runtime, with all that they load: the portable entry points. */
const isPortableEntry = (file: string): boolean =>
  file === "index.ts" || file.startsWith("public/");

/** Libraries that need Node. */
const nodeLibraries = [
  "cli-progress",
  "commander",
  "csv-parse",
  "sharp",
  "tinyglobby",
  "undici",
  "webgpu",
  "yauzl",
];

/** Globals that only Node has. */
const nodeGlobals = /(?<![\w.])(?:Buffer|setImmediate|__dirname|require|process|NodeJS)(?=[.(])/;

/** The ways on which a portable entry point loads what needs Node, through any number of imports. */
function reachesNode(sources: Sources): string[] {
  const loads = new Map<string, string[]>();
  for (const { from, to, typeOnly } of importsOf(sources))
    if (!typeOnly) loads.set(from, [...(loads.get(from) ?? []), to]);
  const needsNode = (name: string): boolean =>
    name.startsWith("node:") ||
    name.startsWith(nodeDoor) ||
    nodeLibraries.some((library) => name === library || name.startsWith(`${library}/`));
  const visited = new Set<string>();
  const visit = (file: string, way: readonly string[]): string[] => {
    if (needsNode(file)) return [`a portable entry point loads ${[...way, file].join(" -> ")}`];
    if (visited.has(file)) return [];
    visited.add(file);
    const [global] = nodeGlobals.exec(withoutComments(sources.get(file) ?? "")) ?? [];
    const own = global ? [`a portable entry point loads src/${file}, which uses ${global}`] : [];
    return [...own, ...(loads.get(file) ?? []).flatMap((next) => visit(next, [...way, file]))];
  };
  return [...sources.keys()].filter(isPortableEntry).flatMap((entry) => visit(entry, []));
}

const withoutComments = (text: string): string =>
  text.replaceAll(/\/\*[^]*?\*\/|(?<!:)\/\/.*/g, "");

function wrongLibraries(sources: Sources): string[] {
  return importsOf(sources)
    .filter(
      ({ from, to }) =>
        !to.startsWith("node:") && !sources.has(to) && !/^(node\/)?public\//.test(from),
    )
    .flatMap(({ from, to }) => {
      if (to.endsWith(".ts")) return [`src/${from} imports src/${to}, which does not exist`];
      const name = to
        .split("/")
        .slice(0, to.startsWith("@") ? 2 : 1)
        .join("/");
      const folders = libraries[name];
      if (!folders)
        return [
          `src/${from} imports the library ${name}, which is not in the table of libraries; do without, or add it here and in docs/architecture.md`,
        ];
      return folders.includes(rowOf(from))
        ? []
        : [
            `src/${from} imports the library ${name}, which is for ${folders.join(", ")} only; pass the result in`,
          ];
    });
}

function indexFiles(sources: Sources): string[] {
  return [...sources.keys()]
    .filter((file) => file.endsWith("/index.ts"))
    .map(
      (file) =>
        `src/${file}: no folder re-exports its files; import the file itself, or add to src/public/`,
    );
}

function longFiles(sources: Sources): string[] {
  return [...sources]
    .map(([file, text]) => ({ file, lines: text.trimEnd().split("\n").length }))
    .filter(({ lines }) => lines > maxLines)
    .map(
      ({ file, lines }) => `${file} has ${lines} lines, more than ${maxLines}; split it by idea`,
    );
}

function readSources(top: string, extensions: RegExp): Map<string, string> {
  const folder = path.join(root, top);
  const files = existsSync(folder)
    ? readdirSync(folder, { recursive: true, encoding: "utf8" })
    : [];
  const paths = files.map((file) => file.split(path.sep).join("/"));
  const sources = paths.filter((file) => extensions.test(file) && !file.startsWith("build")).sort();
  return new Map(sources.map((file) => [file, readFileSync(path.join(folder, file), "utf8")]));
}

const none = (problems: readonly string[]): void => {
  assert.equal(problems.length, 0, `\n${problems.join("\n")}`);
};

describe("architecture", () => {
  const src = readSources("src", /\.ts$/);

  test("a folder imports only what its row of the table names", () => none(wrongDirections(src)));
  test("no import cycles", () => none(cycles(src)));
  test("node:* only behind the door", () => none(wrongNodeImports(src)));
  test("no portable entry point reaches what needs Node", () => none(reachesNode(src)));
  test("each library only where it was chosen for", () => none(wrongLibraries(src)));
  test("no index.ts but src/index.ts", () => none(indexFiles(src)));

  for (const top of ["src", "native", "test", "examples", "scripts", "tools"]) {
    test(`files of ${top}/ have at most ${maxLines} lines`, () => {
      const sources = readSources(top, /\.(ts|mjs|cc|h|py)$/);
      // A table that follows from the declarations of ops is nobody's to split.
      const written = [...sources].filter(([file]) => !file.startsWith("generated/"));
      none(longFiles(new Map(written.map(([file, text]) => [`${top}/${file}`, text]))));
    });
  }
});

describe("architecture rules", () => {
  const files = (all: Readonly<Record<string, string>>): Sources => new Map(Object.entries(all));

  test("notice an import in the wrong direction", () => {
    const sources = files({
      "ops/relu.ts":
        'import type { Tensor } from "../graph/tensor.js";\nimport { step } from "../train/step.js";',
      "graph/tensor.ts": "",
      "train/step.ts": "",
      "node/native/run.ts": 'export { conv } from "../../ops/relu.js";',
    });
    assert.deepEqual(wrongDirections(sources), [
      "src/ops/relu.ts imports src/train/step.ts, but ops may import only tensor, graph; move the code or pass it in",
      "src/node/native/run.ts imports src/ops/relu.ts, but node/native may import only tensor, executors, program; move the code or pass it in",
    ]);
  });

  test("notice a folder without a row", () => {
    const sources = files({ "misc/a.ts": 'const b = await import("./b.js");', "misc/b.ts": "" });
    assert.deepEqual(wrongDirections(sources), [
      "src/misc/a.ts: folder misc/ has no row in the table; add one here and in docs/architecture.md",
    ]);
  });

  test("notice a cycle, but not one of types", () => {
    const sources = files({
      "graph/a.ts": 'import {\n  type B,\n  b,\n} from "./b.js";',
      "graph/b.ts": 'import { a } from "./a.js";',
      "graph/c.ts": 'import type {\n  D,\n} from "./d.js";',
      "graph/d.ts": 'import { c } from "./c.js";',
    });
    assert.deepEqual(cycles(sources), [
      "import cycle: src/graph/a.ts -> src/graph/b.ts -> src/graph/a.ts; move what both need to a file of its own",
    ]);
  });

  test("notice node:*, libraries and index.ts in the wrong place", () => {
    const sources = files({
      "nn/index.ts":
        'import { readFileSync } from "node:fs";\nimport { z } from "zod";\nimport "left-pad";',
      "node/cli/main.ts":
        'import { readFileSync } from "node:fs";\nimport { Command } from "commander";',
    });
    assert.match(
      wrongNodeImports(sources).join(),
      /^src\/nn\/index\.ts imports node:fs; let a caller in src\/node\/ do it/,
    );
    assert.equal(wrongLibraries(sources).length, 2);
    assert.equal(indexFiles(sources).length, 1);
  });

  test("notice what needs Node behind two imports, but not a type", () => {
    const sources = files({
      "public/data.ts": 'export { a } from "../data/a.js";\nexport type { T } from "../node/t.js";',
      "data/a.ts": 'export { b as a } from "./b.js";',
      "data/b.ts": 'import sharp from "sharp";\nconst c = await import("../node/c.js");',
      "node/c.ts": 'import "node:fs";',
      "node/t.ts": "",
      "index.ts": '// process.exit\nimport "./tensor/bytes.js";',
      "tensor/bytes.ts": "export const bytes = Buffer.alloc(1);",
    });
    assert.deepEqual(reachesNode(sources), [
      "a portable entry point loads public/data.ts -> data/a.ts -> data/b.ts -> sharp",
      "a portable entry point loads public/data.ts -> data/a.ts -> data/b.ts -> node/c.ts",
      "a portable entry point loads src/tensor/bytes.ts, which uses Buffer",
    ]);
  });

  test("notice a file that is too long", () => {
    const sources = files({
      "ops/a.ts": "\n".repeat(maxLines) + "end\n",
      "ops/b.ts": "\n".repeat(maxLines - 1) + "end\n",
    });
    assert.deepEqual(longFiles(sources), [
      "ops/a.ts has 501 lines, more than 500; split it by idea",
    ]);
  });
});
