// `prepack`: builds dist/ and puts the stripped addon into prebuilds/, so that the tarball needs no compiler.
// `postpack` (`--clean`) takes prebuilds/ away again: in a clone only native/build counts.

import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, rmSync } from "node:fs";
import path from "node:path";
import {
  addon,
  buildNative,
  buildTypeScript,
  exitWith,
  installDependencies,
  root,
} from "./setup.mjs";

const prebuilds = path.join(root, "prebuilds");

try {
  rmSync(prebuilds, { recursive: true, force: true });
  if (!process.argv.includes("--clean")) {
    installDependencies();
    buildTypeScript();
    if (!buildNative()) process.exit(1); // it has said why; a package without its addon is not worth having
    const prebuilt = path.join(prebuilds, `${process.platform}-${process.arch}.node`);
    mkdirSync(prebuilds);
    copyFileSync(process.env["RESNET_NATIVE_ADDON"] ?? addon, prebuilt);
    spawnSync("strip", ["-S", "-x", prebuilt]); // only to make it smaller: no harm if there is no strip
  }
} catch (error) {
  exitWith(error);
}
