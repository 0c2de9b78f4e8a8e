import { DataError } from "../data/data-error.js";
import { epochBatches, loadBatches } from "../data/batches.js";
import { type ImageBytes, blankImage } from "../data/transforms/image-bytes.js";
import type { Executor, LoadedProgram, RunOutputs } from "../executors/executor.js";
import { ProgramsBySize } from "../executors/programs-by-size.js";
import { scopeOf } from "../executors/scope.js";
import { graphOf } from "../graph/graph.js";
import { input, type Tensor } from "../graph/tensor.js";
import type { ModuleCall } from "../graph/trace.js";
import type { Module } from "../nn/module.js";
import { traceModule } from "../nn/trace-module.js";
import { ingest } from "../ops/ingest.js";
import { plan } from "../planner/plan.js";
import { ResnetError } from "../tensor/error.js";
import { hostArray, type HostArray } from "../tensor/host-array.js";
import { Checkpoint, type CheckpointDescription } from "../node/runs/checkpoint.js";
import { modelOf } from "../train/config/model-variant.js";
import { dtypeOf, type Precision } from "../train/config/precision.js";
import { nameOfPicture, pictureLoader, type Picture } from "./picture.js";

/** The outputs that a program computes for a batch. */
export interface Outputs {
  /** Tells these outputs from others of the same classifier: its programs are kept under this name. */
  readonly name: string;
  /** Picks them while the model is traced. */
  readonly choose: (
    logits: Tensor,
    calls: readonly ModuleCall[],
  ) => Readonly<Record<string, Tensor>>;
}

/** A batch of pictures, and the outputs for it. */
export interface PictureBatch<P extends Picture = string> {
  readonly pictures: readonly P[];
  /** The names that errors give to the pictures. */
  readonly names: readonly string[];
  /** Whether each picture could be decoded; the outputs of one that could not have no meaning. */
  readonly isRead: readonly boolean[];
  readonly outputs: RunOutputs;
}

export interface PictureOptions {
  /** Pictures in one run. Default 16. */
  readonly batch?: number;
  /** Called for a file that is not an image or is damaged, and the others go on. Default: the first such file is an error. */
  readonly onUnreadable?: (error: DataError) => void;
  /** Ends the prediction with the signal's reason. A batch that is running is finished first. */
  readonly signal?: AbortSignal;
}

/**
 * A model with the weights of a checkpoint, ready for pictures. Several classifiers can share an executor: each keeps its
 * weights in a scope of its own.
 *
 * A program is planned when its outputs, batch size and precision first come up, and is kept until `close`.
 */
export class Classifier implements AsyncDisposable {
  readonly #programs = new Map<string, ProgramsBySize>();
  #calls: readonly ModuleCall[] | undefined;
  #isClosed = false;

  private constructor(
    private readonly executor: Executor,
    readonly model: Module,
    readonly description: CheckpointDescription,
  ) {}

  /**
   * @param options.model a network of one's own that the weights are of. Default: the catalogue's, as the checkpoint says
   * @throws {ResnetError} the codes of `Checkpoint.open` and `Checkpoint.load`
   */
  static async open(
    file: string,
    executor: Executor,
    options: { readonly model?: Module } = {},
  ): Promise<Classifier> {
    const checkpoint = await Checkpoint.open(file);
    try {
      const { description } = checkpoint;
      const model = options.model ?? modelOf(description);
      const scope = scopeOf(executor);
      await checkpoint.load(scope, model);
      return new Classifier(scope, model, description);
    } finally {
      await checkpoint.close();
    }
  }

  /** Frees the model's weights and programs; the executor stays open. Later calls are rejected with `ERR_CLOSED`. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#programs.clear();
    await this.executor.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** Decodes and transforms a picture to the pixels that the model sees. @throws as `run` */
  async readPicture(picture: Picture): Promise<ImageBytes> {
    return pictureLoader(this.description)(picture, nameOfPicture(picture, 0));
  }

  /** The calls of the model's layers, for one picture in fp32. */
  get calls(): readonly ModuleCall[] {
    return (this.#calls ??= this.trace(1, "fp32").calls);
  }

  /**
   * Shows pictures to the model, one batch after another; the next are decoded meanwhile.
   *
   * @param wanted the outputs of each batch
   * @param options.precision default: that of the training
   * @throws {DataError} the codes of `loadImage`, unless `onUnreadable` takes them
   * @throws {ResnetError} `ERR_INPUT` if pixels do not fit their size, `ERR_CLOSED` if the classifier is closed
   */
  async *run<P extends Picture>(
    pictures: readonly P[],
    wanted: Outputs,
    {
      batch = 16,
      onUnreadable,
      signal,
      precision,
    }: PictureOptions & { readonly precision?: Precision } = {},
  ): AsyncGenerator<PictureBatch<P>, void> {
    signal?.throwIfAborted();
    const [height, width, channels] = this.description.imageShape;
    const shape = { height, width, channels };
    const read = pictureLoader(this.description);
    const unreadable = new Set<number>();
    const nameOf = (row: number): string => nameOfPicture(pictures[row]!, row);
    const load = async (row: number): Promise<ImageBytes> => {
      signal?.throwIfAborted();
      try {
        return await read(pictures[row]!, nameOf(row));
      } catch (error) {
        if (!onUnreadable || !(error instanceof DataError)) throw error;
        unreadable.add(row);
        onUnreadable(error);
        return blankImage(shape);
      }
    };
    const rows = Int32Array.from(pictures, (_, row) => row);
    const batches = epochBatches(rows, batch, null);
    let i = 0;
    for await (const images of loadBatches(batches, shape, load)) {
      signal?.throwIfAborted();
      const here = [...batches[i++]!];
      const program = await this.program(wanted, here.length, precision);
      const outputs = await program.run(batchInputs(images));
      signal?.throwIfAborted();
      yield {
        pictures: here.map((row) => pictures[row]!),
        names: here.map(nameOf),
        isRead: here.map((row) => !unreadable.has(row)),
        outputs,
      };
    }
  }

  /** The program of some outputs for a batch size, planned and loaded the first time. @throws `ERR_CLOSED` after `close` */
  async program(
    { name, choose }: Outputs,
    batchSize: number,
    precision: Precision = this.description.precision ?? "fp32",
  ): Promise<LoadedProgram> {
    if (this.#isClosed)
      throw new ResnetError("ERR_CLOSED", "the classifier is closed: open another");
    const key = `${precision} ${name}`;
    let programs = this.#programs.get(key);
    if (!programs) {
      programs = new ProgramsBySize(this.executor, (n) => {
        const { result, calls } = this.trace(n, precision);
        return plan("predict", graphOf(choose(result, calls)), this.executor.traits);
      });
      this.#programs.set(key, programs);
    }
    return programs.ofSize(batchSize);
  }

  private trace(
    batchSize: number,
    precision: Precision,
  ): { readonly result: Tensor; readonly calls: readonly ModuleCall[] } {
    const { imageShape, normalize } = this.description;
    return traceModule(this.model, false, () => {
      const bytes = input("images", [batchSize, ...imageShape], "u8");
      const indices = input("indices", [batchSize], "i32");
      return this.model.call(ingest(bytes, indices, normalize, dtypeOf(precision)));
    });
  }
}

/** Inputs of a program, of images u8 `[N, H, W, C]`. */
export function batchInputs(images: HostArray<"u8">): Record<string, HostArray> {
  const n = images.shape[0]!;
  const indices = Int32Array.from({ length: n }, (_, row) => row); // every image of the batch's own
  return { images, indices: hostArray([n], indices, "i32") };
}
