/** What `torch.save` wrote, before any storage is read. */
export interface TorchFile {
  /** The object that was saved; its tensors are `TorchTensor`s. */
  readonly value: unknown;
  /** Byte of the file where each storage begins, by key. */
  readonly starts: ReadonlyMap<string, number>;
}
