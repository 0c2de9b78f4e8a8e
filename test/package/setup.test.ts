import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { describe, test, type TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import { scratchFolder } from "../helpers/scratch-folder.js";

const root = fileURLToPath(new URL("../../..", import.meta.url)); // from dist/test/package

/** A project in a temporary folder with this project's scripts/setup.mjs and the files given. */
function project(t: TestContext, files: Readonly<Record<string, string>>): string {
  const folder = scratchFolder(t);
  for (const [file, text] of Object.entries({ "package-lock.json": "{}", ...files }))
    put(folder, file, text);
  mkdirSync(path.join(folder, "scripts"));
  copyFileSync(path.join(root, "scripts/setup.mjs"), path.join(folder, "scripts/setup.mjs"));
  return folder;
}

function put(folder: string, file: string, text: string): void {
  mkdirSync(path.dirname(path.join(folder, file)), { recursive: true });
  writeFileSync(path.join(folder, file), text);
}

function setUp(
  folder: string,
  step: string,
  env: Readonly<Record<string, string>> = {},
): { status: number | null; said: string[] } {
  const { RESNET_NATIVE_ADDON: _, CXX: __, ...inherited } = process.env;
  const script = path.join(folder, "scripts/setup.mjs");
  const result = spawnSync(process.execPath, [script, step], {
    encoding: "utf8",
    env: { ...inherited, ...env },
  });
  return { status: result.status, said: result.stderr.split("\n").filter((line) => line !== "") };
}

const noCommands = { PATH: path.join(tmpdir(), "no-such-folder") };

const hasCompiler = ["make", "g++"].every((name) => spawnSync(name, ["--version"]).status === 0);
const needsCompiler = { skip: hasCompiler ? false : "no make or no g++ on this machine" };

const native = {
  "native/addon.cc":
    'extern "C" void* napi_register_module_v1(void*, void* exports) { return exports; }\n',
  "native/Makefile":
    "build/resnet.node: addon.cc\n\tmkdir -p build\n\t$(CXX) -shared -fPIC -o $@ addon.cc\n",
};

describe("set-up of the native executor", () => {
  test("without a compiler says in one line what is missing and what to install", (t) => {
    const { status, said } = setUp(project(t, native), "native", noCommands);
    assert.deepEqual(said, [
      "No C++ compiler and no make found: using the reference executor, which is slow. For the native one: apt install g++ make",
    ]);
    assert.equal(status, 1);
  });

  test("builds once, and again only when a source changed", needsCompiler, (t) => {
    const folder = project(t, native);
    assert.deepEqual(setUp(folder, "native"), {
      status: 0,
      said: ["Compiling the native executor"],
    });
    assert.deepEqual(setUp(folder, "native", noCommands), { status: 0, said: [] });
    put(folder, "native/addon.cc", `// changed\n${native["native/addon.cc"]}`);
    assert.deepEqual(setUp(folder, "native"), {
      status: 0,
      said: ["Compiling the native executor"],
    });
  });

  test(
    "removes an addon that no longer fits its sources when it cannot build a new one",
    needsCompiler,
    (t) => {
      const folder = project(t, native);
      setUp(folder, "native");
      put(folder, "native/addon.cc", "int changed;\n");
      assert.equal(setUp(folder, "native", noCommands).status, 1);
      assert.equal(existsSync(path.join(folder, "native/build/resnet.node")), false);
    },
  );

  test("shows the compiler's last words when compiling fails", needsCompiler, (t) => {
    const { status, said } = setUp(
      project(t, { ...native, "native/addon.cc": "int f() { return nonsense; }\n" }),
      "native",
    );
    assert.match(said.join("\n"), /error: .*nonsense/);
    assert.equal(
      said.at(-1),
      "The native executor does not compile (see above): using the reference executor, which is slow.",
    );
    assert.equal(status, 1);
  });

  test("does not keep an addon that does not load", needsCompiler, (t) => {
    const { status, said } = setUp(
      project(t, {
        ...native,
        "native/addon.cc": "int missing(); int f() { return missing(); }\n",
      }),
      "native",
    );
    assert.equal(
      said.at(-1),
      "The native executor does not load (see above): using the reference executor, which is slow.",
    );
    assert.equal(status, 1);
  });
});

describe("set-up of TypeScript", () => {
  const sources = {
    "package.json": '{ "type": "module" }',
    "tsconfig.json":
      '{ "compilerOptions": { "module": "NodeNext", "target": "ES2022", "outDir": "dist", "rootDir": ".", "types": [], "incremental": true, "tsBuildInfoFile": "dist/tsconfig.tsbuildinfo" }, "include": ["src", "test"], "exclude": ["src/page"] }',
    "src/a.ts": "export const a = 1;\n",
    "src/page/main.ts": "document.title;\n", // another program: no output, and no reason to compile again
    "test/old.test.ts": "export {};\n",
  };

  function typescriptProject(t: TestContext, files: Readonly<Record<string, string>>): string {
    const folder = project(t, files);
    symlinkSync(path.join(root, "node_modules"), path.join(folder, "node_modules"));
    return folder;
  }

  test("compiles once, again after a change, and drops what a deleted source left", (t) => {
    const folder = typescriptProject(t, sources);
    const compiled = (file: string): boolean => existsSync(path.join(folder, "dist", file));
    assert.deepEqual(setUp(folder, "typescript"), { status: 0, said: ["Compiling TypeScript"] });
    assert.deepEqual(setUp(folder, "typescript"), { status: 0, said: [] });
    assert.ok(compiled("src/a.js") && compiled("test/old.test.js"));

    rmSync(path.join(folder, "test/old.test.ts"));
    assert.deepEqual(setUp(folder, "typescript"), { status: 0, said: ["Compiling TypeScript"] });
    assert.ok(compiled("src/a.js") && !compiled("test/old.test.js"));

    rmSync(path.join(folder, "dist/src"), { recursive: true });
    assert.deepEqual(setUp(folder, "typescript"), { status: 0, said: ["Compiling TypeScript"] });
    assert.ok(compiled("src/a.js"));
  });

  test("stops with the compiler's message, and tries again the next time", (t) => {
    const folder = typescriptProject(t, {
      ...sources,
      "src/a.ts": "export const a: string = 1;\n",
    });
    for (let run = 0; run < 2; run++) {
      const { status, said } = setUp(folder, "typescript");
      assert.equal(status, 1);
      assert.match(said.join("\n"), /src\/a\.ts.*TS2322/);
    }
  });
});

test("set-up refuses a step that it does not know", (t) => {
  assert.deepEqual(setUp(project(t, {}), "dta"), {
    status: 1,
    said: ["no step 'dta'; there are dependencies, typescript, native, data"],
  });
});
