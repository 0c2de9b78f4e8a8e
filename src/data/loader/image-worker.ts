/** A thread of `ImageWorkers`: makes one image after the other, in the order in which they are asked for. */

import { parentPort } from "node:worker_threads";
import { DataError, type DataErrorCode } from "../data-error.js";
import type { ImageBytes } from "../transforms/image-bytes.js";
import { loadImage, type ImageTask } from "./load-image.js";
import { decodeJpegsNatively } from "./native-jpeg.js";
import { resampleNatively } from "./native-resample.js";

/** What the thread is told. */
export interface ImageRequest {
  readonly id: number;
  readonly task: ImageTask;
}

/** What it answers. An error crosses threads without its class. */
export interface ImageAnswer {
  readonly id: number;
  readonly result: ImageBytes | { readonly code: DataErrorCode; readonly message: string };
}

resampleNatively();
decodeJpegsNatively();

let last = Promise.resolve();
parentPort?.on("message", (request: ImageRequest) => {
  last = last.then(() => answer(request));
});

async function answer({ id, task }: ImageRequest): Promise<void> {
  try {
    const image = await loadImage(task);
    // Moved to the other thread and not copied, unless the bytes are a piece of something larger.
    const whole = image.data.byteLength === image.data.buffer.byteLength;
    const transferred = whole ? [image.data.buffer as ArrayBuffer] : [];
    parentPort!.postMessage({ id, result: image } satisfies ImageAnswer, transferred);
  } catch (error) {
    if (!(error instanceof DataError)) throw error; // a defect: ends the thread
    const { code, message } = error;
    parentPort!.postMessage({ id, result: { code, message } } satisfies ImageAnswer);
  }
}
