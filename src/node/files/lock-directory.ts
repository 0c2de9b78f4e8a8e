import { randomUUID } from "node:crypto";
import {
  access,
  mkdir,
  readdir,
  readFile,
  rename,
  rm,
  rmdir,
  unlink,
  writeFile,
} from "node:fs/promises";
import { hostname } from "node:os";
import path from "node:path";
import { z } from "zod";
import { fileErrorReason } from "./file-error.js";
import { removeTemporaryFiles } from "./replace-file.js";
import { ResnetError } from "../../tensor/error.js";

/** Prefix of the lock's names in the directory that it locks. */
export const lockName = ".lock";

/** More than the number of processes that may start at once on a directory whose owner has died. */
const mostTries = 100;

const ownerSchema = z.object({
  pid: z.int().min(1),
  host: z.string(),
  /** Start time of the process, if the system states it: it reveals that another process has the number now. */
  began: z.string().nullable(),
});

type Owner = z.infer<typeof ownerSchema>;

/** A directory that this process has locked. */
export interface DirectoryLock {
  /** Whether the lock is still held: false if the directory was deleted, moved or replaced. */
  readonly isHeld: () => Promise<boolean>;
  /** Releases the lock. */
  readonly release: () => Promise<void>;
}

/**
 * Locks a directory for this process.
 *
 * The lock is a directory with one file, which names the owner. It is made under another name and renamed, which
 * fails while another lock has a file in it, so that only one of several processes succeeds. The lock of a dead
 * owner is taken over by removing the file of that owner, and never the file of another process.
 *
 * @throws {ResnetError} `ERR_RUN_DIRECTORY` if a running process has locked it
 */
export async function lockDirectory(directory: string): Promise<DirectoryLock> {
  const lock = path.join(directory, lockName);
  const id = randomUUID();
  const prepared = path.join(directory, `${lockName}-${id}`);
  const ours = path.join(lock, id);
  const isHeld = (): Promise<boolean> =>
    access(ours).then(
      () => true,
      () => false,
    );
  const release = async (): Promise<void> => {
    await rm(ours, { force: true });
    await removeIfEmpty(lock);
  };
  try {
    for (let tries = 1; !(await take(prepared, id, lock)); tries++) {
      await removeDeadOwner(directory, lock);
      if (tries === mostTries) {
        throw new ResnetError("ERR_RUN_DIRECTORY", `${lock} cannot be replaced: remove it`);
      }
    }
    await removePrepared(directory);
  } catch (error) {
    await rm(prepared, { recursive: true, force: true });
    await release();
    throw error;
  }
  return { isHeld, release };
}

/**
 * Locks a directory for this process, and removes incomplete files of earlier processes. Releases the lock if `look`
 * fails.
 *
 * @param look called with the lock; its result is returned
 */
export async function takeDirectory<Result>(
  directory: string,
  look: (lock: DirectoryLock) => Promise<Result> | Result,
): Promise<Result> {
  const lock = await lockDirectory(directory);
  try {
    await removeTemporaryFiles(directory);
    return await look(lock);
  } catch (error) {
    await lock.release();
    throw error;
  }
}

/** @returns whether this process holds the lock now */
async function take(prepared: string, id: string, lock: string): Promise<boolean> {
  try {
    await mkdir(prepared, { recursive: true });
    await writeFile(path.join(prepared, id), JSON.stringify(await ownerOf(process.pid)));
    await rename(prepared, lock);
    return true;
  } catch (error) {
    const { code = "" } = error as NodeJS.ErrnoException;
    // There is an owner (EPERM on Windows), or another process has just removed the prepared lock.
    if (["ENOTEMPTY", "EEXIST", "EPERM", "ENOENT"].includes(code)) return false;
    throw error;
  }
}

/** Removes prepared locks of processes that were killed or came too late. */
async function removePrepared(directory: string): Promise<void> {
  const found = await readdir(directory).catch((error: unknown) => {
    const reason = fileErrorReason(error);
    const options = { cause: error };
    throw new ResnetError("ERR_RUN_DIRECTORY", `${directory} cannot be read (${reason})`, options);
  });
  const names = found.filter((name) => name.startsWith(`${lockName}-`));
  for (const name of names) await rm(path.join(directory, name), { recursive: true, force: true });
}

async function removeDeadOwner(directory: string, lock: string): Promise<void> {
  for (const id of await readdir(lock).catch(() => [])) {
    const file = path.join(lock, id);
    const owner = parseOwner(await readFile(file, "utf8").catch(() => ""));
    if (owner && (await isRunning(owner))) throw inUse(directory, lock, owner);
    await unlink(file).catch(() => {}); // gone already where its owner or another was faster
  }
  await removeIfEmpty(lock);
}

/** Null for an incomplete file, as after a power failure. */
function parseOwner(text: string): Owner | null {
  try {
    return ownerSchema.parse(JSON.parse(text));
  } catch {
    return null;
  }
}

const removeIfEmpty = (directory: string): Promise<void> => rmdir(directory).catch(() => {});

/** Whether the owner is still running; an owner on another machine is assumed to be. */
async function isRunning(owner: Owner): Promise<boolean> {
  if (owner.host !== hostname()) return true;
  try {
    process.kill(owner.pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ESRCH") return false;
  }
  return (await ownerOf(owner.pid)).began === owner.began;
}

async function ownerOf(pid: number): Promise<Owner> {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => null);
  // The 22nd field; the second is the command in parentheses, which may contain any character.
  const began = stat?.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? null;
  return { pid, host: hostname(), began };
}

function inUse(directory: string, lock: string, { pid, host }: Owner): ResnetError {
  const where =
    host === hostname()
      ? ": wait until it ends, or stop it"
      : ` of ${host}: if nothing runs there any more, remove ${lock}`;
  return new ResnetError("ERR_RUN_DIRECTORY", `${directory} is in use by process ${pid}${where}`);
}
