import { gradients } from "../autodiff/gradients.js";
import type { ImageBytes } from "../data/transforms/image-bytes.js";
import { input } from "../graph/tensor.js";
import { UsageError } from "../tensor/error.js";
import { hostArray } from "../tensor/host-array.js";
import { didYouMean } from "../tensor/did-you-mean.js";
import { printable, printableList } from "../tensor/printable.js";
import { dims4 } from "../tensor/shape.js";
import type { Classifier, Outputs } from "./classifier.js";
import { lastMapOf, outputOf } from "./named-layers.js";
import { nameOfPicture, type Picture } from "./picture.js";
import { checkOutputs, requireTwoClasses } from "./usable-outputs.js";
import { likeliest, logitsOutput, type ClassProbability } from "./predict.js";

export interface GradCamOptions {
  /** Path of the layer whose map is drawn. Default: the last one before the pooling. */
  readonly layer?: string | undefined;
  /** Name or number of the class that is asked for. Default: the likeliest. */
  readonly label?: string | undefined;
  /** Ends the call with the signal's reason. A program that is running is finished first. */
  readonly signal?: AbortSignal | undefined;
}

/** Where in a picture the model saw a class. */
export interface GradCam {
  readonly picture: ImageBytes;
  readonly layer: string;
  readonly of: ClassProbability;
  readonly height: number;
  readonly width: number;
  /** `[height, width]`: evidence for the class, 0 … 1, the strongest 1; zeros where there is none. */
  readonly heat: Float32Array;
}

/**
 * Grad-CAM: the channels of a layer's map, weighted by how much the class's logit grows with their mean, where the
 * sum is positive. Source: Selvaraju et al. 2016, arXiv:1610.02391, equations 1 and 2.
 *
 * @throws {ResnetError} `ERR_LAYER` if the layer does not exist or gives no map; `ERR_CLASS` if the class does not exist;
 *   `ERR_CHECKPOINT` if the model has one class, `ERR_OVERFLOW` if what it computes is not finite
 * @throws {DataError} as `Classifier.run`
 */
export async function gradCam(
  classifier: Classifier,
  image: Picture,
  { signal, ...options }: GradCamOptions = {},
): Promise<GradCam> {
  signal?.throwIfAborted();
  const { classes, imageShape } = classifier.description;
  requireTwoClasses(classifier.description);
  const asked = options.label === undefined ? undefined : classIndex(classes, options.label);
  const layer = options.layer ?? lastMapOf(classifier.calls);
  if (outputOf(classifier.calls, layer).shape.length !== 4)
    throw new UsageError("ERR_LAYER", `layer "${layer}" gives a vector, but a map is needed`);
  const name = printable(nameOfPicture(image, 0), Infinity);
  const picture = await classifier.readPicture(image);
  signal?.throwIfAborted();
  const images = hostArray([1, ...imageShape], picture.data, "u8");
  const precision = "fp32";
  const { logits } = await classifier.compute(logitsOutput, images, { precision });
  signal?.throwIfAborted();
  checkOutputs(logits!.data, `${name}: the logits`);
  const ranked = likeliest(logits!.data, classes, classes.length);
  const of = asked === undefined ? ranked[0]! : ranked.find(({ index }) => index === asked)!;

  const mapAndGradient: Outputs = {
    name: `map and gradient at ${layer}`,
    choose(result, calls) {
      const map = outputOf(calls, layer);
      return { map, dmap: gradients(result, [map], input("dlogits", result.shape)).get(map)! };
    },
  };
  const dlogits = hostArray(
    [1, classes.length],
    classes.map((_, j) => Number(j === of.index)),
  );
  const { map, dmap } = await classifier.compute(mapAndGradient, images, {
    precision,
    inputs: { dlogits },
  });
  signal?.throwIfAborted();
  const [height, width] = dims4(map!);
  checkOutputs(dmap!.data, `${name}: the gradients at ${layer}`);
  return { picture, layer, of, height, width, heat: heatOf(map!.data, dmap!.data, height * width) };
}

/** The number of a class, by its name, in any case where that is of one class, or by the number itself. */
function classIndex(classes: readonly string[], label: string): number {
  const index = classes.indexOf(label);
  if (index >= 0) return index;
  if (/^\d+$/.test(label) && Number(label) < classes.length) return Number(label);
  const alike = classes.filter((each) => each.toLowerCase() === label.toLowerCase());
  if (alike.length === 1) return classes.indexOf(alike[0]!);
  const likely = didYouMean(label, classes);
  const finding = `no class is named "${label}"${likely}`;
  throw new UsageError("ERR_CLASS", `${finding}; there are: ${printableList(classes)}`);
}

/** @param map and its gradient, `[pixels, channels]` */
function heatOf(map: ArrayLike<number>, dmap: ArrayLike<number>, pixels: number): Float32Array {
  const channels = map.length / pixels;
  const weights = new Float64Array(channels);
  for (let i = 0; i < dmap.length; i++) weights[i % channels]! += dmap[i]! / pixels;
  const heat = new Float32Array(pixels);
  for (let i = 0; i < map.length; i++)
    heat[Math.floor(i / channels)]! += weights[i % channels]! * map[i]!;
  const most = heat.reduce((a, b) => Math.max(a, b), 0);
  return heat.map((value) => (most > 0 ? Math.max(value, 0) / most : 0));
}
