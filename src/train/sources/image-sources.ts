import type { ImageChannels } from "../../node/data/images/decode-image.js";
import { fixedShape } from "../../data/transforms/fixed-shape.js";
import { ImageWorkers } from "../../node/data/loader/image-workers.js";
import { isInFiles, type LabelledImages } from "../../data/labelled-images.js";
import { transformedShape } from "../../data/transforms/compose-transforms.js";
import type { ImageShape } from "../../data/transforms/image-bytes.js";
import { viewsOf, type TestViews } from "../../data/transforms/test-views.js";
import type { TransformList } from "../../data/transforms/transform.js";
import type { Executor } from "../../executors/executor.js";
import type { IngestAttrs } from "../../ops/ingest.js";
import { ResnetError } from "../../tensor/error.js";
import { dims4 } from "../../tensor/shape.js";
import type { BatchSource, OpenView } from "./batch-source.js";
import { residentSource } from "./resident-source.js";
import { streamingSource } from "./streaming-source.js";

/** What is done to images on their way to the model. */
export interface Preparation {
  readonly transforms: { readonly train: TransformList; readonly eval: TransformList };
  readonly normalise: IngestAttrs;
}

/** The shape in which a model sees images when it is evaluated. */
export function shapeSeen(
  images: LabelledImages,
  { transforms, normalise }: Preparation,
): ImageShape {
  if (isInFiles(images)) return fixedShape(transforms.eval, channelsOf(normalise));
  const [, height, width, channels] = dims4(images.images);
  return transformedShape(transforms.eval, { height, width, channels });
}

/** Files are decoded to as many channels as are normalised. */
function channelsOf({ mean }: IngestAttrs): ImageChannels {
  if (mean.length === 1 || mean.length === 3) return mean.length;
  throw new ResnetError(
    "ERR_CONFIG",
    `image files have 1 or 3 channels, but normalise has ${mean.length} means: give one of each channel`,
  );
}

/** How image files are read. */
export interface FileReading {
  /** Threads that decode; default half of the cores, at most 8. */
  readonly workers?: number | undefined;
  /** Directory in which decoded images are kept for later epochs and runs; none by default. */
  readonly cache?: string | undefined;
}

/** Opens images for an executor: those in memory are uploaded, those in files are decoded by threads. */
export class ImageSources {
  private workers: ImageWorkers | undefined;

  constructor(
    private readonly executor: Executor,
    private readonly preparation: Preparation,
    private readonly reading: FileReading = {},
  ) {}

  /** @param name of the executor's states, for images in memory */
  async open(
    name: "train" | "valid" | "test",
    images: LabelledImages,
    transforms = this.preparation.transforms,
  ): Promise<BatchSource> {
    const { normalise } = this.preparation;
    if (isInFiles(images)) {
      this.workers ??= new ImageWorkers(this.reading.workers);
      const channels = channelsOf(normalise);
      return streamingSource(this.workers, images, {
        transforms,
        normalise,
        channels,
        cache: this.reading.cache,
      });
    }
    const own = name === "train" ? transforms.train : transforms.eval;
    return residentSource(this.executor, name, images, { ...normalise, transforms: own });
  }

  /**
   * Views of the same images for a test. In the executor, one that is opened takes the place of the one before.
   *
   * @throws {ResnetError} `ERR_CONFIG` for a shift that leaves nothing of an image
   */
  testViews(
    name: "train" | "valid" | "test",
    images: LabelledImages,
    views: TestViews,
  ): OpenView[] {
    const { height, width } = shapeSeen(images, this.preparation);
    if (views.shift >= Math.min(height, width)) {
      throw new ResnetError(
        "ERR_CONFIG",
        `a shift of ${views.shift} pixels moves images of ${height} x ${width} out of sight: take a smaller one`,
      );
    }
    return viewsOf(this.preparation.transforms.eval, views).map(
      (view) => () => this.open(name, images, { train: view, eval: view }),
    );
  }

  /** Ends the threads. */
  async close(): Promise<void> {
    await this.workers?.close();
  }
}
