// Makes a fresh clone ready to run: dependencies, TypeScript build, native build, data set.
//
// Needs nothing but Node, because it runs before anything is installed. Every step first checks whether
// its result is there and up to date, and prints one line only when it has something to do.
//
//     node scripts/setup.mjs                       all steps
//     node scripts/setup.mjs typescript native     these steps, in this order

import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import path from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

export const root = fileURLToPath(new URL("..", import.meta.url));
export const cli = path.join(root, "dist/src/node/cli/main.js");
export const addon = path.join(root, "native/build/resnet.node");
/** Only where libjpeg-turbo's headers were found. */
export const jpegAddon = path.join(root, "native/build/jpeg.node");

/** The data set of the main job and of the tests on real data. */
const dataSet = "fashion-mnist";

/** A failed step: its message is all that the user needs to see. */
class SetupError extends Error {}

/**
 * Installs what package-lock.json names, unless exactly that is installed.
 */
export function installDependencies() {
  const wanted = readLock("package-lock.json");
  const installed = readLock("node_modules/.package-lock.json");
  const missing = Object.entries(wanted).filter(
    ([name, { version, optional }]) =>
      name !== "" && installed[name]?.version !== version && !(optional && !installed[name]),
  );
  const extra = Object.keys(installed).filter((name) => !wanted[name]);
  if (existsSync(path.join(root, "node_modules")) && missing.length + extra.length === 0) return;

  say("Installing dependencies");
  const runner = process.env["npm_execpath"]; // of whoever runs the script: yarn and pnpm set it as well
  const npm = runner && path.basename(runner).startsWith("npm") ? runner : undefined;
  const args = ["ci", "--no-audit", "--no-fund", "--include=dev", "--loglevel=error"];
  const result = npm ? run(process.execPath, [npm, ...args]) : run("npm", args);
  if (result.status !== 0) throw new SetupError(`npm ci failed:\n${lastLines(result)}`);
}

/** @returns {Record<string, { version?: string, optional?: boolean }>} the lockfile's packages by path */
function readLock(/** @type {string} */ file) {
  try {
    return JSON.parse(readFileSync(path.join(root, file), "utf8")).packages;
  } catch {
    return {};
  }
}

/**
 * Compiles src, test and examples to dist, unless none of them changed. What a deleted source
 * left in dist is removed, so that its tests no longer run.
 */
export function buildTypeScript() {
  const folders = ["src", "test", "examples"];
  // A page's code, which the configuration leaves out, is bundled by its server and has no output here.
  const { exclude = [] } = JSON.parse(readFileSync(path.join(root, "tsconfig.json"), "utf8"));
  const excluded = (/** @type {string} */ file) =>
    exclude.some((/** @type {string} */ folder) => file.startsWith(`${folder}/`));
  const sources = folders
    .flatMap((folder) => listFiles(folder))
    .filter((file) => file.endsWith(".ts") && !excluded(file));
  const stamp = "dist/.built-from";
  const state = fingerprint([...sources, "tsconfig.json", "package-lock.json"]);
  const compiled = sources.filter((file) => !file.endsWith(".d.ts")); // declarations have no output
  const outputs = new Set(compiled.map((file) => `dist/${file.replace(/\.ts$/, "")}`));
  const complete = [...outputs].every((output) => existsSync(path.join(root, `${output}.js`)));
  if (complete && readStamp(stamp) === state) return;

  say("Compiling TypeScript");
  for (const file of folders.flatMap((folder) => listFiles(`dist/${folder}`))) {
    if (!outputs.has(file.replace(/(\.d\.ts|\.js)(\.map)?$/, ""))) rmSync(path.join(root, file));
  }
  if (!complete) rmSync(path.join(root, "dist/tsconfig.tsbuildinfo"), { force: true });
  // The compiler writes output even if it fails: until it has succeeded, dist belongs to no state of the sources.
  rmSync(path.join(root, stamp), { force: true });
  const result = run(process.execPath, ["node_modules/typescript/bin/tsc"]);
  if (result.status !== 0)
    throw new SetupError(`TypeScript does not compile:\n${lastLines(result, 60)}`);
  writeStamp(stamp, state);
}

/**
 * Compiles native/ to its addons, unless none of its sources changed, nor libjpeg-turbo's headers have come. Without a compiler,
 * or when compiling fails, the reference executor has to do: one line says so.
 *
 * @returns {boolean} whether the native executor can be used
 */
export function buildNative() {
  if (process.env["RESNET_NATIVE_ADDON"]) return true;
  const stamp = "native/build/.built-from";
  const sources = listFiles("native").filter((file) => !file.startsWith("native/build"));
  const state = fingerprint([...sources, "package-lock.json"]);
  const compiler = [process.env["CXX"], "g++", "c++", "clang++"].find(
    (name) => name && isThere(name),
  );
  const complete = existsSync(addon) && (existsSync(jpegAddon) || !hasJpegHeaders(compiler));
  if (complete && readStamp(stamp) === state) return true;

  // An addon that does not fit the sources must not be loaded, whatever happens next.
  for (const file of [addon, jpegAddon, path.join(root, stamp)]) rmSync(file, { force: true });
  const fallback = "using the reference executor, which is slow";
  const missing = [...(compiler ? [] : ["C++ compiler"]), ...(isThere("make") ? [] : ["make"])];
  if (!compiler || missing.length > 0) {
    say(
      `No ${missing.join(" and no ")} found: ${fallback}. For the native one: apt install g++ make`,
    );
    return false;
  }
  say("Compiling the native executor");
  const jobs = Math.min(availableParallelism(), 8);
  const built = run("make", ["-C", "native", `-j${jobs}`, `CXX=${compiler}`]);
  const loaded =
    built.status === 0 ? run(process.execPath, ["-e", `require(${JSON.stringify(addon)})`]) : built;
  if (loaded.status === 0) {
    writeStamp(stamp, state);
    return true;
  }
  rmSync(addon, { force: true });
  console.error(lastLines(loaded));
  say(
    `The native executor does not ${built.status === 0 ? "load" : "compile"} (see above): ${fallback}.`,
  );
  return false;
}

/**
 * Downloads the data set, unless it is there.
 *
 * @returns {boolean} whether the data set is there
 */
export function getData() {
  // The document for standard output is not wanted; progress and errors come on standard error.
  const args = [cli, "data", "get", dataSet, "--json"];
  const result = spawnSync(process.execPath, args, {
    cwd: root,
    stdio: ["ignore", "ignore", "inherit"],
  });
  return result.status === 0;
}

/** Prints the message of a failed step and exits with 1; anything else is a bug and keeps its stack. */
export function exitWith(/** @type {unknown} */ error) {
  if (!(error instanceof SetupError)) throw error;
  console.error(error.message);
  process.exit(1);
}

/** Everything that `npm start` and `npm test` need before their own work. */
export function setUp() {
  installDependencies();
  buildTypeScript();
  const native = buildNative();
  const data = getData();
  return { native, data };
}

/** Files below `folder` as sorted paths relative to the root, with forward slashes; none if it is missing. */
export function listFiles(/** @type {string} */ folder) {
  const top = path.join(root, folder);
  if (!existsSync(top)) return [];
  return readdirSync(top, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(root, path.join(entry.parentPath ?? entry.path, entry.name)))
    .map((file) => file.split(path.sep).join("/"))
    .sort();
}

/** A hash of the names and contents of `files`: it does not mind a checkout that only touched them. */
function fingerprint(/** @type {string[]} */ files) {
  const hash = createHash("sha256").update(`${process.platform} ${process.arch}`);
  for (const file of files) {
    const content = readFileSync(path.join(root, file));
    hash.update(`\n${file} ${content.length}\n`).update(content);
  }
  return hash.digest("hex");
}

function readStamp(/** @type {string} */ file) {
  const full = path.join(root, file);
  return existsSync(full) ? readFileSync(full, "utf8") : "";
}

function writeStamp(/** @type {string} */ file, /** @type {string} */ state) {
  mkdirSync(path.dirname(path.join(root, file)), { recursive: true });
  writeFileSync(path.join(root, file), state);
}

function isThere(/** @type {string} */ command) {
  return run(command, ["--version"]).status === 0;
}

/** Whether libjpeg-turbo's headers are there, as native/Makefile asks. */
function hasJpegHeaders(/** @type {string | undefined} */ compiler) {
  const header = "native/jpeg/decoder.h";
  return (
    compiler !== undefined &&
    run(compiler, ["-std=c++17", "-fsyntax-only", "-x", "c++", header]).status === 0
  );
}

/** Runs a command in the root and keeps what it prints. */
function run(/** @type {string} */ command, /** @type {string[]} */ args) {
  return spawnSync(command, args, { cwd: root, encoding: "utf8", maxBuffer: 1 << 28 });
}

/** The end of what a command printed. */
function lastLines(/** @type {ReturnType<typeof run>} */ { stdout, stderr, error }, count = 30) {
  const text = `${stdout ?? ""}\n${stderr ?? ""}\n${error?.message ?? ""}`.trim();
  return text.split("\n").slice(-count).join("\n");
}

function say(/** @type {string} */ line) {
  console.error(line);
}

/** @type {Record<string, () => unknown>} */
const steps = {
  dependencies: installDependencies,
  typescript: buildTypeScript,
  native: buildNative,
  data: getData,
};

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const names = process.argv.length > 2 ? process.argv.slice(2) : Object.keys(steps);
  try {
    for (const name of names) {
      const step = steps[name];
      if (!step)
        throw new SetupError(`no step '${name}'; there are ${Object.keys(steps).join(", ")}`);
      if (step() === false && process.argv.length > 2) process.exitCode = 1;
    }
  } catch (error) {
    exitWith(error);
  }
}
