import { DataError } from "../data/data-error.js";
import { epochBatches } from "../data/batches.js";
import { loadBatches } from "../data/load-batches.js";
import { blankImage, type ImageBytes } from "../data/transforms/image-bytes.js";
import type { Executor, RunOutputs } from "../executors/executor.js";
import { ProgramsBySize } from "../executors/programs-by-size.js";
import { scopeOf } from "../executors/scope.js";
import { graphOf } from "../graph/graph.js";
import { input, type Tensor } from "../graph/tensor.js";
import type { ModuleCall } from "../graph/trace.js";
import type { Module } from "../nn/module.js";
import { traceModule } from "../nn/trace-module.js";
import { ingest } from "../ops/ingest.js";
import { plan } from "../planner/plan.js";
import { hostArray, type HostArray } from "../tensor/host-array.js";
import { Checkpoint, type CheckpointDescription } from "../node/runs/checkpoint.js";
import { modelOf } from "../train/config/model-variant.js";
import { dtypeOf, type Precision } from "../train/config/precision.js";
import { pictureLoader } from "./picture.js";

/** What a program is to give of a batch, chosen while the model is traced. */
export type ChooseOutputs = (
  logits: Tensor,
  calls: readonly ModuleCall[],
) => Readonly<Record<string, Tensor>>;

/** A batch of pictures, and what the program gave. */
export interface PictureBatch {
  readonly files: readonly string[];
  /** Whether each file could be read; where not, its place in the outputs is to be ignored. */
  readonly isRead: readonly boolean[];
  readonly outputs: RunOutputs;
}

export interface PictureOptions {
  /** Pictures in one run. Default 16. */
  readonly batch?: number;
  /** Called for a file that is no image or damaged, and the others go on. Default: the error ends everything. */
  readonly onUnreadable?: (error: DataError) => void;
}

/**
 * A model with the weights of a checkpoint, ready for pictures. Several classifiers can share an executor: each keeps its
 * weights in a scope of its own.
 */
export class Classifier {
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

  /** Frees the model's weights and programs; the executor stays open. */
  close(): Promise<void> {
    return this.executor.close();
  }

  /** Reads a picture as the model sees it. */
  readPicture(file: string): Promise<ImageBytes> {
    return pictureLoader(this.description)(file);
  }

  /**
   * Shows the pictures of files to the model, a batch at a time; the next are read meanwhile.
   *
   * @param choose what to give of each batch
   * @param options.precision default: that of the training
   * @throws {DataError} the codes of `loadImage`, unless `onUnreadable` takes them
   */
  async *run(
    files: readonly string[],
    choose: ChooseOutputs,
    { batch = 16, onUnreadable, precision }: PictureOptions & { precision?: Precision } = {},
  ): AsyncGenerator<PictureBatch, void> {
    const [height, width, channels] = this.description.imageShape;
    const shape = { height, width, channels };
    const read = pictureLoader(this.description);
    const unreadable = new Set<number>();
    const load = async (row: number): Promise<ImageBytes> => {
      try {
        return await read(files[row]!);
      } catch (error) {
        if (!onUnreadable || !(error instanceof DataError)) throw error;
        unreadable.add(row);
        onUnreadable(error);
        return blankImage(shape);
      }
    };
    const programs = this.programs(choose, precision);
    const rows = Int32Array.from(files, (_, row) => row);
    const batches = epochBatches(rows, batch, null);
    let i = 0;
    for await (const images of loadBatches(batches, shape, load)) {
      const here = [...batches[i++]!];
      yield {
        files: here.map((row) => files[row]!),
        isRead: here.map((row) => !unreadable.has(row)),
        outputs: await (await programs.ofSize(here.length)).run(batchInputs(images)),
      };
    }
  }

  /** Programs of one choice of outputs, by batch size. */
  programs(
    choose: ChooseOutputs,
    precision: Precision = this.description.precision ?? "fp32",
  ): ProgramsBySize {
    const { imageShape, normalize } = this.description;
    return new ProgramsBySize(this.executor, (n) => {
      const { result, calls } = traceModule(this.model, false, () => {
        const bytes = input("images", [n, ...imageShape], "u8");
        const indices = input("indices", [n], "i32");
        const dtype = dtypeOf(precision);
        return this.model.call(ingest(bytes, indices, normalize, dtype));
      });
      return plan("predict", graphOf(choose(result, calls)), this.executor.traits);
    });
  }
}

/** Inputs of a program, of images u8 `[N, H, W, C]`. */
export function batchInputs(images: HostArray<"u8">): Record<string, HostArray> {
  const n = images.shape[0]!;
  const indices = Int32Array.from({ length: n }, (_, row) => row); // every image of the batch's own
  return { images, indices: hostArray([n], indices, "i32") };
}
