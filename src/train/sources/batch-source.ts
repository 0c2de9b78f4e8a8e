import type { RunInputs } from "../../executors/executor.js";
import type { Tensor } from "../../graph/tensor.js";
import type { RandomKey } from "../../tensor/random.js";
import type { Precision } from "../../program/precision.js";
import type { Targets } from "../loss.js";
import type { Several } from "../several.js";

/** A batch while it is traced: images `[H, W, N, C]`, or several inputs of a model, and their targets, most often labels i32 `[N]`. */
export interface BatchTensors<Images = Several<Tensor>> {
  readonly images: Images;
  readonly targets: Targets;
}

/** The part of a source that is needed to plan a program. */
export interface BatchTracer<Images = Several<Tensor>> {
  /** Class of each row, where the rows are known: a program is only planned for labels that its model has classes for. */
  readonly labels?: Int32Array;
  /** Traces a batch. `training` says whether images are augmented. */
  trace(batchSize: number, precision: Precision, training: boolean): BatchTensors<Images>;
}

/** Where a program's batches come from: a data set resident in the executor, or one that streams. */
export interface BatchSource extends BatchTracer<Tensor> {
  /** Samples. */
  readonly rows: number;
  /** Class of each row. */
  readonly labels: Int32Array;
  /** `[H, W, C]` of what the model sees. */
  readonly imageShape: readonly [number, number, number];
  /**
   * The inputs that a program traced here needs for each of these batches, in order. A source that streams works ahead,
   * and stops where the caller does.
   *
   * @param rows the rows of each batch
   * @param key the stream of the epoch's augmentation; null for a program traced without. Draws belong to key, row and
   *   visit, whatever the batch.
   * @param visits how often the epoch has visited each row before. Default 0: rows that come once
   */
  batches(
    rows: readonly Int32Array[],
    key: RandomKey | null,
    visits?: readonly Int32Array[],
  ): AsyncIterable<RunInputs>;
}

/** Opens a source that shows images in one of several ways. */
export type OpenView = () => BatchSource | Promise<BatchSource>;
