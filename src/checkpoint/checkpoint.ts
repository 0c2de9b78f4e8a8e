import type { Executor } from "../executors/executor.js";
import { bytesSource, type ByteSource } from "../interop/byte-source.js";
import { unusableValue } from "../interop/fit-weights.js";
import type { InteropError } from "../interop/interop-error.js";
import { OpenSafetensors } from "../interop/open-safetensors.js";
import { isHostArray, type StoredArray } from "../interop/stored-array.js";
import { fromTorchLayout } from "../interop/torch-layout.js";
import { namedState, type Module } from "../nn/module.js";
import type { HostArray } from "../tensor/host-array.js";
import { portableSha256, visitArrays, type Sha256 } from "./checksum.js";
import { parseDescription, type CheckpointDescription } from "./description.js";
import { checkModelState, type ModelState } from "./model-state.js";

/** A checkpoint of which the description has been read, and the weights not yet. */
export class Checkpoint {
  private constructor(
    readonly description: CheckpointDescription,
    private readonly opened: OpenSafetensors,
    private readonly newHash: () => Sha256,
  ) {}

  /** The file's name, for errors. */
  get file(): string {
    return this.opened.file;
  }

  /**
   * Reads the description of a checkpoint. Node's `openCheckpoint` takes a path.
   *
   * @param bytes of a whole file, or what reads them where they are needed; it is closed with the result, or at once if the
   *   checkpoint is refused
   * @param newHash begins the SHA-256 that the weights are checked with
   * @throws {ResnetError} `ERR_CHECKPOINT` if the file says nothing of its model; the codes of `readSafetensors` if it is
   *   damaged
   */
  static async open(
    bytes: Uint8Array | ByteSource,
    newHash: () => Sha256 = portableSha256,
  ): Promise<Checkpoint> {
    const source = bytes instanceof Uint8Array ? bytesSource(bytes, "the checkpoint") : bytes;
    const opened = await OpenSafetensors.open(source);
    try {
      return new Checkpoint(parseDescription(opened.file, opened.metadata), opened, newHash);
    } catch (error) {
      await opened.close();
      throw error;
    }
  }

  /**
   * Writes the weights into an executor, one by one: they are never in memory twice.
   *
   * @throws {ResnetError} `ERR_CHECKPOINT` if they are not of this model, as `writeModelState`, or damaged
   * @throws {InteropError} `ERR_WEIGHTS_VALUES` if one of them is NaN or infinite
   */
  async load(executor: Executor, model: Module): Promise<void> {
    const leaves = namedState(model);
    checkModelState(model, this.opened.places);
    await this.visit(async (name, array) => {
      if (leaves.has(name)) await executor.write(name, fromTorchLayout(array));
    });
  }

  /** The weights, in PyTorch's layout. @throws {ResnetError} as `tensors` */
  async read(): Promise<ModelState> {
    const state = new Map<string, HostArray>();
    await this.visit((name, array) => state.set(name, array));
    return state;
  }

  /**
   * Everything that the file has: the weights, and `num_batches_tracked` where they were imported.
   *
   * @throws {ResnetError} `ERR_CHECKPOINT` if they are damaged; `ERR_WEIGHTS_VALUES` if one of them is NaN or infinite
   */
  async tensors(): Promise<ReadonlyMap<string, StoredArray>> {
    const tensors = new Map<string, StoredArray>();
    await this.visitAll((name, array) => tensors.set(name, array));
    return tensors;
  }

  close(): Promise<void> {
    return this.opened.close();
  }

  private visit(use: (name: string, array: HostArray) => unknown): Promise<void> {
    return this.visitAll((name, array) => (isHostArray(array) ? use(name, array) : undefined));
  }

  /** Weights that are not finite are reported after the checksum, which says more about a damaged file. */
  private async visitAll(use: (name: string, array: StoredArray) => unknown): Promise<void> {
    let unusable: InteropError | undefined;
    const visit = async (name: string, array: StoredArray): Promise<void> => {
      unusable ??= unusableValue(name, array, this.opened.file);
      await use(name, array);
    };
    await visitArrays(this.opened, visit, this.newHash);
    if (unusable) throw unusable;
  }
}
