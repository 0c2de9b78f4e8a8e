import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../..", import.meta.url)); // from dist/test/package

interface Manifest {
  readonly name: string;
  readonly bin: Readonly<Record<string, string>>;
  readonly exports: Readonly<Record<string, string | Readonly<Record<string, string>>>>;
  readonly scripts: Readonly<Record<string, string>>;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
}
interface Lockfile {
  readonly packages: Readonly<
    Record<string, { readonly resolved?: string; readonly optionalDependencies?: object }>
  >;
}

const read = (file: string): string => readFileSync(path.join(root, file), "utf8");
const manifest = JSON.parse(read("package.json")) as Manifest;
const lockfile = JSON.parse(read("package-lock.json")) as Lockfile;

describe("package.json", () => {
  test("has no script that runs when a user installs it", () => {
    const onInstall = [
      "preinstall",
      "install",
      "postinstall",
      "prepare",
      "preprepare",
      "postprepare",
    ];
    assert.deepEqual(
      onInstall.filter((name) => name in manifest.scripts),
      [],
    );
    // npm takes a binding.gyp in the root for an install script.
    assert.equal(existsSync(path.join(root, "binding.gyp")), false);
  });

  test("exports files that exist and can be imported by the package's name", async () => {
    for (const [subpath, byCondition] of Object.entries(manifest.exports)) {
      const targets = typeof byCondition === "string" ? [byCondition] : Object.values(byCondition);
      for (const target of targets) {
        assert.ok(
          existsSync(path.join(root, target)),
          `"${subpath}" is ${target}, which does not exist`,
        );
        const declarations = target.replace(/\.js$/, ".d.ts");
        assert.ok(
          existsSync(path.join(root, declarations)),
          `"${subpath}" has no types: ${declarations}`,
        );
      }
      if (targets.some((target) => !target.endsWith(".js"))) continue;
      const entry = (await import(path.posix.join(manifest.name, subpath))) as object;
      assert.ok(Object.keys(entry).length > 0, `"${subpath}" exports nothing`);
    }
  });

  test("has commands that exist and start with a #! line", () => {
    for (const target of Object.values(manifest.bin)) {
      assert.ok(existsSync(path.join(root, target)), `${target} does not exist`);
      assert.match(read(target), /^#!\/usr\/bin\/env node\n/, target);
    }
  });

  test("names only dependencies that docs/architecture.md gives a reason for", () => {
    const lines = read("docs/architecture.md").split("\n");
    const unexplained = Object.keys({
      ...manifest.dependencies,
      ...manifest.devDependencies,
    }).filter(
      (name) =>
        !lines.some((line) => line.includes(`\`${name}\``) && line.length > name.length + 30),
    );
    assert.deepEqual(
      unexplained,
      [],
      "each dependency needs a line there: what it is for, and why this one",
    );
  });
});

describe("package-lock.json", () => {
  test("has no download addresses", () => {
    const resolved = Object.entries(lockfile.packages).filter(
      ([, entry]) => entry.resolved !== undefined,
    );
    assert.deepEqual(
      resolved.map(([name]) => name),
      [],
      "keep omit-lockfile-registry-resolved=true in .npmrc and write the lockfile anew",
    );
  });

  test("has the binaries of every platform, not only of the machine that wrote it", () => {
    const wanted = Object.values(lockfile.packages).flatMap((entry) =>
      Object.keys(entry.optionalDependencies ?? {}),
    );
    const missing = wanted.filter((name) => !(`node_modules/${name}` in lockfile.packages));
    assert.deepEqual(
      missing,
      [],
      "npm ci on those platforms would leave tools out; choose versions that are complete",
    );
  });
});

test("the tarball holds what users need and nothing else", () => {
  const npm = process.env["npm_execpath"];
  const args = ["pack", "--dry-run", "--json", "--ignore-scripts"];
  const options = { cwd: root, encoding: "utf8" } as const;
  const { stdout, stderr } = npm
    ? spawnSync(process.execPath, [npm, ...args], options)
    : spawnSync("npm", args, options);
  assert.ok(stdout, stderr);
  const [{ files }] = JSON.parse(stdout) as [{ files: { path: string }[] }];
  const allowed =
    /^(dist\/src|src|prebuilds|docs)\/|^tools\/(bench_pytorch|bench_loader|resnet_torch|export_onnx)\.py$|^(package\.json|README\.md|LICENSE|CHANGELOG\.md)$/;
  assert.deepEqual(
    files.map((file) => file.path).filter((file) => !allowed.test(file)),
    [],
  );
});
