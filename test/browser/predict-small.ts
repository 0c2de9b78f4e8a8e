import { Classifier, createExecutor, type Tensor } from "../../src/index.js";
import type { Picture, Pixels } from "../../src/predict/picture.js";

/** A page has ImageData, and Node does not. */
const { ImageData } = globalThis as {
  ImageData?: new (data: Uint8ClampedArray, width: number, height: number) => Pixels;
};

/** A picture of 26 x 30 pixels, red, green, blue and alpha, each of another pattern. */
export function smallPicture(): Picture {
  const [width, height] = [30, 26];
  const data = Uint8ClampedArray.from({ length: height * width * 4 }, (_, i) => (i * i * 37) % 256);
  return ImageData ? new ImageData(data, width, height) : { width, height, data };
}

/** Logits of that picture by the checkpoint in these bytes, on the reference executor. */
export async function predictSmall(checkpoint: Uint8Array): Promise<number[]> {
  const executor = await createExecutor("reference");
  const classifier = await Classifier.open(checkpoint, executor);
  const logits = await logitsOf(classifier);
  await executor.close();
  return logits;
}

/** Logits of that picture. */
export async function logitsOf(classifier: Classifier): Promise<number[]> {
  const wanted = { name: "logits", choose: (logits: Tensor) => ({ logits }) };
  for await (const { outputs } of classifier.run([smallPicture()], wanted))
    return [...outputs["logits"]!.data];
  throw new Error("a picture gives a batch");
}
