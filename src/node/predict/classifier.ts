import type { Checkpoint } from "../../checkpoint/checkpoint.js";
import type { Executor } from "../../executors/executor.js";
import {
  Classifier as PortableClassifier,
  type ClassifierOptions,
} from "../../predict/classifier.js";
import type { ImageDecoder } from "../../predict/picture.js";
import { decodeImage } from "../data/images/decode-image.js";
import { openCheckpoint } from "../runs/checkpoint-file.js";

/** Decodes files of the formats of `decodeImage`, by their path or their bytes. */
const decodeFile: ImageDecoder = async (file, channels, name) => {
  const { shape, data } = await decodeImage(file, channels, name);
  return { height: shape[0]!, width: shape[1]!, data };
};

/** The classifier with files: it opens checkpoints by their path, and decodes image files. */
export class Classifier extends PortableClassifier {
  /**
   * @param checkpoint a file, a run's directory (then its `best.safetensors`, else `last.safetensors`), the bytes of a
   *   file, or an open checkpoint, which stays open
   * @throws {ResnetError} the codes of `openCheckpoint` and `Checkpoint.load`
   */
  static override async open(
    checkpoint: string | Uint8Array | Checkpoint,
    executor: Executor,
    options: ClassifierOptions = {},
  ): Promise<Classifier> {
    const withDecoder = { decode: decodeFile, ...options };
    if (typeof checkpoint !== "string") return super.open(checkpoint, executor, withDecoder);
    const opened = await openCheckpoint(checkpoint);
    try {
      return await super.open(opened, executor, withDecoder);
    } finally {
      await opened.close();
    }
  }
}
