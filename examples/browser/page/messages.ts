// What the page and its Worker say to each other.

/** From the page. */
export type Request =
  | {
      readonly kind: "train";
      /** A name that `createExecutor` takes. */
      readonly executor: string;
      readonly model: string;
      readonly epochs: number;
      /** Training and validation images. */
      readonly images: readonly [train: number, valid: number];
      /** Whether to go on from the weights that the browser keeps. */
      readonly goesOn: boolean;
    }
  | { readonly kind: "stop" };

/** From the Worker. */
export type Report =
  /** A line about what is going on. */
  | { readonly kind: "status"; readonly text: string }
  /** A line that stays: why the training will be slow. */
  | { readonly kind: "notice"; readonly text: string }
  | {
      readonly kind: "step";
      readonly epoch: number;
      readonly step: number;
      readonly steps: number;
      readonly loss: number;
      readonly imagesPerSecond: number;
    }
  | {
      readonly kind: "epoch";
      readonly epoch: number;
      readonly validLoss: number;
      readonly validAccuracy: number;
    }
  /** The end of a training, whose weights the browser now keeps. */
  | { readonly kind: "done"; readonly accuracy: number; readonly pictures: readonly Picture[] }
  | { readonly kind: "stopped" }
  | { readonly kind: "failed"; readonly text: string };

/** A validation image with the class that the network takes it for. */
export interface Picture {
  /** Grey values, row by row. */
  readonly pixels: Uint8Array;
  readonly width: number;
  readonly height: number;
  readonly label: string;
  readonly prediction: string;
}

/** The name under which the browser keeps the weights. */
export const kept = "weights.safetensors";
