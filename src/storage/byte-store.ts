/** Keeps bytes under names, between the visits of a page or the runs of a program. */
export interface ByteStore {
  /** The bytes under a name; undefined if there are none. */
  read(name: string): Promise<Uint8Array | undefined>;
  /** Keeps bytes under a name, in place of those that were there. */
  write(name: string, bytes: Uint8Array): Promise<void>;
  /** Forgets the bytes under a name, if there are any. */
  remove(name: string): Promise<void>;
}
