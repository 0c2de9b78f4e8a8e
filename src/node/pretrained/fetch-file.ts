import { access, mkdir, rmdir } from "node:fs/promises";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { ResnetError } from "../../tensor/error.js";
import type { DownloadProgress } from "../data/sources/data-source.js";
import { download } from "../data/sources/download.js";
import { fileErrorReason } from "../files/file-error.js";
import { lockDirectory, type DirectoryLock } from "../files/lock-directory.js";
import type { PretrainedEnvironment } from "./environment.js";
import { checkHash, type PublishedHash } from "./published-hash.js";

/** Called while files are fetched. */
export interface FetchWatcher {
  readonly onProgress?: ((progress: DownloadProgress) => void) | undefined;
  /** Called with a sentence that the user should read. */
  readonly onNotice?: ((notice: string) => void) | undefined;
}

/** A published file, and its place in the cache. */
export interface RemoteFile {
  readonly address: string;
  /** Its path in the cache. */
  readonly path: string;
  /** Null where none is published: then only the length is checked. */
  readonly hash: PublishedHash | null;
}

/** How often a process looks whether another one has finished the same download. */
const pollMs = 200;

/**
 * Fetches a file into the cache, unless it is there. A broken download is resumed, also by a later process. Of several
 * processes one downloads, and the others wait for its file. The file gets its name when it is complete and checked.
 *
 * @throws {DataError} `ERR_DATA_SOURCE` if the server cannot be reached, refuses or breaks off
 * @throws {ResnetError} `ERR_PRETRAINED_FILE` if the file is not the published one, or the cache cannot be written
 */
export async function fetchFile(
  remote: RemoteFile,
  environment: PretrainedEnvironment,
  watcher: FetchWatcher,
): Promise<void> {
  if (await isWhole(remote, watcher)) return;
  const directory = `${remote.path}.download`;
  const lock = await lockWhenFree(directory, watcher);
  try {
    if (await isWhole(remote, watcher)) return; // another process was faster
    await receive(remote, directory, environment, watcher);
  } finally {
    await lock.release();
    await rmdir(directory).catch(() => {}); // it stays where a part can be resumed, or another process waits
  }
}

/** Whether the cache has the file. A damaged one is downloaded again, with a notice. */
async function isWhole({ path: file, hash }: RemoteFile, { onNotice }: FetchWatcher) {
  if (!(await exists(file))) return false;
  if (!hash) return true;
  try {
    await checkHash(file, hash, file);
    return true;
  } catch (error) {
    if (!(error instanceof ResnetError)) throw error;
    onNotice?.(`${error.message}; downloading it again`);
    return false;
  }
}

async function receive(
  { address, path: file, hash }: RemoteFile,
  directory: string,
  environment: PretrainedEnvironment,
  { onProgress = () => {} }: FetchWatcher,
): Promise<void> {
  const name = path.basename(file);
  const options = { environment, directory, onProgress };
  await download(name, address, options, async (partial) => {
    if (hash) await checkHash(partial.path, hash, address);
    await partial.keepAs(path.join("..", name)).catch((error: unknown) => {
      throw unwritable(path.dirname(file), error);
    });
  });
}

async function lockWhenFree(directory: string, { onNotice }: FetchWatcher): Promise<DirectoryLock> {
  for (let hasTold = false; ;) {
    await mkdir(directory, { recursive: true }).catch((error: unknown) => {
      throw unwritable(path.dirname(directory), error);
    });
    try {
      return await lockDirectory(directory);
    } catch (error) {
      if (!(error instanceof ResnetError)) throw unwritable(directory, error);
      if (!hasTold) onNotice?.(`waiting for another download of the same file: ${error.message}`);
      hasTold = true;
    }
    await sleep(pollMs);
  }
}

export const exists = (file: string): Promise<boolean> =>
  access(file).then(
    () => true,
    () => false,
  );

const unwritable = (directory: string, error: unknown): ResnetError =>
  new ResnetError(
    "ERR_PRETRAINED_FILE",
    `${directory} cannot be written (${fileErrorReason(error)}): name another cache with XDG_CACHE_HOME, or a directory ` +
      "that has the weights with --pretrained-dir",
    { cause: error },
  );
