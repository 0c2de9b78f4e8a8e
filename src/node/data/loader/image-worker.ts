/** A thread of `ImageWorkers`: makes images one by one, in order of the requests. */

import { parentPort } from "node:worker_threads";
import { DataError, type DataErrorCode } from "../../../data/data-error.js";
import type { ImageBytes } from "../../../data/transforms/image-bytes.js";
import { plainLoops, type PixelLoops } from "../../../data/transforms/pixel-loops.js";
import { loadAddon } from "../../native/load-addon.js";
import { ImagePool } from "./image-pool.js";
import { loadImage, type ImageTask, type ImageTools } from "./load-image.js";
import { nativeJpegDecoder } from "./native-jpeg.js";

/** A message to the thread. */
export interface ImageRequest {
  readonly id: number;
  readonly task: ImageTask;
  /** Memory for the image, used if the size matches. */
  readonly memory: ArrayBuffer | undefined;
}

/** The thread's answer. Errors lose their class on the way, so their code and message are sent. */
export interface ImageAnswer {
  readonly id: number;
  readonly result: ImageBytes | { readonly code: DataErrorCode; readonly message: string };
}

const pool = new ImagePool();
const blank: PixelLoops["blank"] = (shape) => pool.blank(shape);
const tools: ImageTools = { decodeQuickly: nativeJpegDecoder(blank), loops: threadLoops() };

/** The native engine's loops if its addon loads, else the plain ones. */
function threadLoops(): PixelLoops {
  try {
    const { copyPixels, resampleAxis } = loadAddon();
    return { blank, copyPixels, resampleAxis };
  } catch {
    return { ...plainLoops, blank };
  }
}

let last = Promise.resolve();
parentPort?.on("message", (request: ImageRequest) => {
  last = last.then(() => answer(request));
});

async function answer({ id, task, memory }: ImageRequest): Promise<void> {
  try {
    const image = await loadImage(task, tools);
    const bytes = image.data.length;
    const data = new Uint8Array(memory?.byteLength === bytes ? memory : new ArrayBuffer(bytes));
    data.set(image.data); // copied out of the pool, and transferred to the other thread
    parentPort!.postMessage({ id, result: { ...image, data } } satisfies ImageAnswer, [
      data.buffer,
    ]);
  } catch (error) {
    if (!(error instanceof DataError)) throw error; // a bug: ends the thread
    const { code, message } = error;
    parentPort!.postMessage({ id, result: { code, message } } satisfies ImageAnswer);
  } finally {
    pool.giveBack();
  }
}
