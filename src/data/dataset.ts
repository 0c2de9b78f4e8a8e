import type { HostArray } from "../tensor/host-array.js";

/** Labelled images on the host, all of one size. */
export interface Dataset {
  /** The data set's name and split, for people: `fashion-mnist train`. */
  readonly name: string;
  /** `[rows, H, W, C]`, bytes 0 … 255. */
  readonly images: HostArray<"u8">;
  /** `[rows]`, class indices in `0 … classes.length − 1`. */
  readonly labels: HostArray<"i32">;
  /** Names of the classes; a label is an index into it. */
  readonly classes: readonly string[];
}

/** A data set as its authors divided it. */
export interface DatasetSplits {
  readonly train: Dataset;
  readonly test: Dataset;
}
