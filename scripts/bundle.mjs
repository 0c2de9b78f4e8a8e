// Bundles the portable entry for browsers, and prints its size. Fails if the entry reaches a module of Node's.
//
//     node scripts/bundle.mjs        after the TypeScript build

import { build } from "esbuild";
import { readFileSync } from "node:fs";
import path from "node:path";
import { gzipSync } from "node:zlib";
import { root } from "./setup.mjs";

const result = await build({
  absWorkingDir: root,
  entryPoints: ["dist/src/index.js"],
  outfile: "dist/browser/resnet.js",
  bundle: true,
  format: "esm",
  platform: "browser",
  target: "es2023",
  minify: true,
  write: true,
  metafile: true,
  logLevel: "error",
});
const [[file = "", { bytes = 0 } = {}] = []] = Object.entries(result.metafile.outputs);
const gzip = gzipSync(readFileSync(path.join(root, file)), { level: 9 }).length;
console.log(`${file}: ${bytes} bytes, ${gzip} with gzip`);
