import { ResnetError } from "../tensor/error.js";
import type { ByteStore } from "./byte-store.js";

/** The parts of IndexedDB that are used: the types of TypeScript for it come only with those of all of a page. */
interface DatabaseRequest<Result> {
  readonly result: Result;
  readonly error: unknown;
  onsuccess: (() => void) | null;
  onerror: (() => void) | null;
}
interface ObjectStore {
  get(name: string): DatabaseRequest<Uint8Array | undefined>;
  put(bytes: Uint8Array, name: string): DatabaseRequest<unknown>;
  delete(name: string): DatabaseRequest<unknown>;
}
interface Database {
  createObjectStore(name: string): ObjectStore;
  transaction(
    store: string,
    mode: "readonly" | "readwrite",
  ): {
    objectStore(name: string): ObjectStore;
    readonly error: unknown;
    oncomplete: (() => void) | null;
    onabort: (() => void) | null;
  };
  close(): void;
}
interface OpenRequest extends DatabaseRequest<Database> {
  onupgradeneeded: (() => void) | null;
}

const objects = "bytes";

/** Whether this runtime has IndexedDB, as pages and their Workers do. */
export const hasIndexedDb = (): boolean => factory() !== undefined;

/**
 * A store in the browser, which pages of one origin and their Workers share, and which outlives them.
 *
 *     const store = indexedDbStore();
 *     await store.write("weights", await writeSafetensors(state, metadata));
 *
 * @param database its name in the browser. Default `resnet-ts`
 * @throws {ResnetError} `ERR_STORE`, from each method, if the browser has no IndexedDB, gives no access to it, or has no space
 */
export function indexedDbStore(database = "resnet-ts"): ByteStore {
  const use = async <Result>(
    mode: "readonly" | "readwrite",
    request: (store: ObjectStore) => DatabaseRequest<Result>,
  ): Promise<Result> => {
    try {
      const opened = await open(database);
      try {
        const transaction = opened.transaction(objects, mode);
        const done = request(transaction.objectStore(objects));
        // A result counts when all of it is on disk.
        await new Promise<void>((resolve, reject) => {
          transaction.oncomplete = resolve;
          transaction.onabort = () => reject(transaction.error);
        });
        return done.result;
      } finally {
        opened.close();
      }
    } catch (cause) {
      if (cause instanceof ResnetError) throw cause;
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new ResnetError(
        "ERR_STORE",
        `IndexedDB does not keep the bytes (${reason}): allow this page to store data, or free space`,
        { cause },
      );
    }
  };
  return {
    read: (name) => use("readonly", (store) => store.get(name)),
    write: async (name, bytes) => void (await use("readwrite", (store) => store.put(bytes, name))),
    remove: async (name) => void (await use("readwrite", (store) => store.delete(name))),
  };
}

const factory = (): { open(name: string): OpenRequest } | undefined =>
  (globalThis as { readonly indexedDB?: { open(name: string): OpenRequest } }).indexedDB;

function open(database: string): Promise<Database> {
  const here = factory();
  if (!here)
    throw new ResnetError(
      "ERR_STORE",
      "this runtime has no IndexedDB: only pages and their Workers have it",
    );
  const request = here.open(database);
  return new Promise((resolve, reject) => {
    request.onupgradeneeded = () => request.result.createObjectStore(objects);
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}
