/** A file of `torch.save`, before any storage is read. */
export interface TorchFile {
  /** The object that was saved; its tensors are `TorchTensor`s. */
  readonly value: unknown;
  /** The byte of the file where each storage begins, by key. */
  readonly starts: ReadonlyMap<string, number>;
  /** Classes whose objects were skipped. */
  readonly skipped: ReadonlySet<string>;
}
