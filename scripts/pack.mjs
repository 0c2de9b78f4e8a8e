// `prepack`: builds dist/ and puts the stripped addon into prebuilds/, so that the tarball needs no compiler.
// `postpack` (`--clean`) takes prebuilds/ away again: in a clone only native/build counts.

import { spawnSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, rmSync } from "node:fs";
import path from "node:path";
import {
  addon,
  buildNative,
  buildTypeScript,
  exitWith,
  installDependencies,
  jpegAddon,
  root,
} from "./setup.mjs";

const prebuilds = path.join(root, "prebuilds");

try {
  rmSync(prebuilds, { recursive: true, force: true });
  if (!process.argv.includes("--clean")) {
    installDependencies();
    buildTypeScript();
    if (!buildNative()) process.exit(1); // it has said why; a package without its addon is not worth having
    mkdirSync(prebuilds);
    prebuild(process.env["RESNET_NATIVE_ADDON"] ?? addon, "");
    if (existsSync(jpegAddon)) prebuild(jpegAddon, "-jpeg"); // where its library is missing, sharp decodes
  }
} catch (error) {
  exitWith(error);
}

function prebuild(/** @type {string} */ built, /** @type {string} */ suffix) {
  const prebuilt = path.join(prebuilds, `${process.platform}-${process.arch}${suffix}.node`);
  copyFileSync(built, prebuilt);
  spawnSync("strip", ["-S", "-x", prebuilt]); // only to make it smaller: no harm if there is no strip
}
