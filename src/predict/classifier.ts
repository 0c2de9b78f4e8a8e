import { DataError } from "../data/data-error.js";
import { epochBatches, loadBatches } from "../data/batches.js";
import { blankImage, type ImageBytes } from "../data/transforms/image-bytes.js";
import type { Executor, LoadedProgram, RunInputs, RunOutputs } from "../executors/executor.js";
import { ProgramCache } from "../executors/program-cache.js";
import { scopeOf } from "../executors/scope.js";
import { graphOf } from "../graph/graph.js";
import { input, type Tensor } from "../graph/tensor.js";
import type { ModuleCall } from "../graph/trace.js";
import type { Module } from "../nn/module.js";
import { traceModule } from "../nn/trace-module.js";
import { ingest } from "../ops/ingest.js";

import { loadGraph } from "../runtime/load-graph.js";
import { ResnetError } from "../tensor/error.js";
import { hostArray, type HostArray } from "../tensor/host-array.js";
import { Checkpoint } from "../checkpoint/checkpoint.js";
import type { CheckpointDescription } from "../checkpoint/description.js";
import { modelOf } from "../checkpoint/model-variant.js";
import { dtypeOf, type Precision } from "../program/precision.js";
import { nameOfPicture, pictureLoader, type ImageDecoder, type Picture } from "./picture.js";

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

export interface ClassifierOptions {
  /** A network of one's own that the weights are of. Default: the catalogue's, as the checkpoint says. */
  readonly model?: Module;
  /** Decodes image files. Default: Node's classifier has one, the portable one takes decoded pixels only. */
  readonly decode?: ImageDecoder;
}

/** Room for one picture and for batches, for logits, features and a map with its gradient. */
const mostPrograms = 8;

/**
 * A model with the weights of a checkpoint, ready for pictures. Several classifiers can share an executor: each keeps its
 * weights in a scope of its own.
 *
 * A program is planned when its outputs, batch size and precision first come up. The eight that were used last are kept.
 */
export class Classifier implements AsyncDisposable {
  readonly #programs: ProgramCache;
  #calls: readonly ModuleCall[] | undefined;
  #isClosed = false;

  protected constructor(
    private readonly executor: Executor,
    readonly model: Module,
    readonly description: CheckpointDescription,
    private readonly decode: ImageDecoder | undefined,
  ) {
    this.#programs = new ProgramCache(mostPrograms);
  }

  /**
   * Loads a model and its weights into an executor.
   *
   * @param checkpoint the bytes of a checkpoint, or an open one, which stays open
   * @throws {ResnetError} the codes of `Checkpoint.open` and `Checkpoint.load`
   */
  static async open(
    checkpoint: Uint8Array | Checkpoint,
    executor: Executor,
    options: ClassifierOptions = {},
  ): Promise<Classifier> {
    const opened =
      checkpoint instanceof Uint8Array ? await Checkpoint.open(checkpoint) : checkpoint;
    const { description } = opened;
    const model = options.model ?? modelOf(description);
    const scope = scopeOf(executor);
    try {
      await opened.load(scope, model);
    } catch (error) {
      await scope.close();
      throw error;
    }
    return new this(scope, model, description, options.decode);
  }

  /** Frees the model's weights and programs; the executor stays open. Later calls are rejected with `ERR_CLOSED`. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    await this.executor.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** Decodes and transforms a picture to the pixels that the model sees. @throws as `run` */
  async readPicture(picture: Picture): Promise<ImageBytes> {
    const read = pictureLoader(this.description, this.decode);
    return read(picture, nameOfPicture(picture, 0));
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
   * @throws {DataError} the codes of the decoder, and `ERR_DATA_TRANSFORM` if a transform does not fit a picture, unless
   *   `onUnreadable` takes them
   * @throws {ResnetError} `ERR_INPUT` if pixels do not fit their size, or there is no decoder for a file; `ERR_CLOSED` if the
   *   classifier is closed
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
    const read = pictureLoader(this.description, this.decode);
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
      const outputs = await this.compute(wanted, images, { precision });
      signal?.throwIfAborted();
      yield {
        pictures: here.map((row) => pictures[row]!),
        names: here.map(nameOf),
        isRead: here.map((row) => !unreadable.has(row)),
        outputs,
      };
    }
  }

  /**
   * Computes outputs for a batch, by a program that is planned and loaded where it is not kept.
   *
   * @param images u8 `[N, H, W, C]`, as `readPicture` makes them
   * @param options.precision default: that of the training
   * @param options.inputs all others that the outputs need
   * @throws {ResnetError} `ERR_CLOSED` after `close`
   */
  async compute(
    { name, choose }: Outputs,
    images: HostArray<"u8">,
    options: { readonly precision?: Precision | undefined; readonly inputs?: RunInputs } = {},
  ): Promise<RunOutputs> {
    if (this.#isClosed)
      throw new ResnetError("ERR_CLOSED", "the classifier is closed: open another");
    const { precision = this.description.precision ?? "fp32", inputs } = options;
    const batchSize = images.shape[0]!;
    const load = async (): Promise<LoadedProgram> => {
      const { result, calls } = this.trace(batchSize, precision);
      return loadGraph(this.executor, "predict", graphOf(choose(result, calls)));
    };
    const rows = Int32Array.from({ length: batchSize }, (_, row) => row); // each image once
    const indices = hostArray([batchSize], rows, "i32");
    return this.#programs.use(`${precision} ${batchSize} ${name}`, load, (program) =>
      program.run({ ...inputs, images, indices }),
    );
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
