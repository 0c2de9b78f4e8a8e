export type { ByteStore } from "../storage/byte-store.js";
export { hasIndexedDb, indexedDbStore } from "../storage/indexed-db-store.js";
