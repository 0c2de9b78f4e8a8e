// Bundles the portable entry for browsers, and prints its size. Fails if the entry reaches a module of Node's.
//
//     node scripts/bundle.mjs        after the TypeScript build

import { build } from "esbuild";
import { readFileSync } from "node:fs";
import path from "node:path";
import { gzipSync } from "node:zlib";
import { root } from "./setup.mjs";

const outfile = "dist/browser/resnet.js";

await build({
  absWorkingDir: root,
  entryPoints: ["dist/src/index.js"],
  outfile,
  bundle: true,
  format: "esm",
  platform: "browser",
  target: "es2023",
  minify: true,
  logLevel: "error",
});
const bundle = readFileSync(path.join(root, outfile));
console.log(
  `${outfile}: ${bundle.length} bytes, ${gzipSync(bundle, { level: 9 }).length} with gzip`,
);
