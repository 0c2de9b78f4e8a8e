import { mkdtemp, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { DataError } from "../../../data/data-error.js";
import type { DatasetForm, DebianPackage } from "../../../data/catalog/dataset-entry.js";
import type { DataSource } from "./data-source.js";
import { directoryReader } from "./directory-source.js";
import type { SourceEnvironment } from "./environment.js";

/**
 * Debian's package of a data set, downloaded with `apt-get` and unpacked in a temporary directory: nothing is
 * installed, and no privileges are needed.
 */
export function aptSource(
  form: DatasetForm,
  { package: packageName, directory }: DebianPackage,
  environment: SourceEnvironment,
  onNotice: (notice: string) => void,
): DataSource {
  let workspace: string | null = null;
  let unpacked: Promise<void> | null = null;
  return {
    name: `Debian's package ${packageName}`,
    isRequested: false,
    isRemote: true,
    async read(file) {
      workspace ??= await temporaryDirectory(environment.tempDir);
      unpacked ??= unpackPackage(packageName, workspace, environment, onNotice);
      await unpacked;
      return await directoryReader(form, [join(workspace, "unpacked", directory)])(file);
    },
    async close() {
      if (workspace) await rm(workspace, { recursive: true, force: true });
    },
  };
}

async function temporaryDirectory(parent: string): Promise<string> {
  try {
    return await mkdtemp(join(parent, "resnet-ts-apt-"));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new DataError("ERR_DATA_SOURCE", `no temporary directory: ${reason}`, { cause: error });
  }
}

async function unpackPackage(
  packageName: string,
  workspace: string,
  { runCommand, isRoot }: SourceEnvironment,
  onNotice: (notice: string) => void,
): Promise<void> {
  // apt as root hands downloads to the user _apt, who may not write to the workspace.
  const apt = ["-o", "Acquire::Retries=1", ...(isRoot ? ["-o", "APT::Sandbox::User=root"] : [])];
  const download = () => runCommand("apt-get", [...apt, "download", packageName], workspace);

  onNotice(`downloading Debian's package ${packageName} with apt-get`);
  let result = await download();
  let updateHint = " ('apt-get update', as root, may be needed first)";
  if (result.exitCode !== 0 && isRoot) {
    onNotice("apt-get does not have the package: updating its lists");
    const update = await runCommand("apt-get", [...apt, "update"], workspace);
    if (update.exitCode !== 0) throw failure("apt-get update", update.exitCode, update.errors);
    result = await download();
    updateHint = "";
  }
  if (result.exitCode !== 0) {
    throw failure(`apt-get download ${packageName}`, result.exitCode, result.errors, updateHint);
  }
  const archive = (await readdir(workspace)).find((name) => name.endsWith(".deb"));
  if (!archive) {
    const what = `apt-get download ${packageName} ended well but left no .deb file`;
    throw new DataError("ERR_DATA_SOURCE", what);
  }
  const unpack = await runCommand("dpkg-deb", ["-x", archive, "unpacked"], workspace);
  if (unpack.exitCode !== 0) throw failure("dpkg-deb -x", unpack.exitCode, unpack.errors);
}

/** @param errors the command's standard error, whose last line is the most specific */
function failure(command: string, exitCode: number, errors: string, hint = ""): DataError {
  const last = errors.split("\n").at(-1);
  const reason = last ? `: ${last}` : "";
  const what = `${command} failed with exit code ${exitCode}${reason}${hint}`;
  return new DataError("ERR_DATA_SOURCE", what);
}
