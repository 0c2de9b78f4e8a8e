import type { ChannelStatistics } from "../../data/channel-statistics.js";
import { fixedShape, transformedShape } from "../../data/transforms/compose-transforms.js";
import { type ImageFiles, type LabelledImages, isInFiles } from "../../data/image-files.js";
import type { ImageShape } from "../../data/transforms/image-bytes.js";
import { viewsOf, type TestViews } from "../../data/transforms/test-views.js";
import type { TransformList } from "../../data/transforms/transform.js";
import type { Executor } from "../../executors/executor.js";
import type { IngestAttrs } from "../../ops/ingest.js";
import { UsageError } from "../../tensor/error.js";
import { dims4 } from "../../tensor/shape.js";
import type { BatchSource, OpenView } from "./batch-source.js";
import { residentSource } from "./resident-source.js";

/** The transforms and normalization of images on their way to the model. */
export interface Preparation {
  readonly transforms: { readonly train: TransformList; readonly eval: TransformList };
  readonly normalize: IngestAttrs;
}

/** The shape in which a model sees images when it is evaluated. */
export function shapeSeen(
  images: LabelledImages,
  { transforms, normalize }: Preparation,
): ImageShape {
  if (isInFiles(images)) return fixedShape(transforms.eval, channelsOf(normalize));
  const [, height, width, channels] = dims4(images.images);
  return transformedShape(transforms.eval, { height, width, channels });
}

/** Files are decoded to as many channels as are normalized. */
export function channelsOf({ mean }: IngestAttrs): 1 | 3 {
  if (mean.length === 1 || mean.length === 3) return mean.length;
  throw new UsageError(
    "ERR_CONFIG",
    `image files have 1 or 3 channels, but normalize has ${mean.length} means: give one of each channel`,
  );
}

/** Opens images that are in files, which the portable core cannot read by itself. */
export interface FileOpener {
  open(
    images: ImageFiles,
    options: Preparation & { readonly channels: 1 | 3 },
  ): BatchSource | Promise<BatchSource>;
  /** Mean and deviation of each channel, after transforms that draw nothing. */
  statistics(
    images: ImageFiles,
    transforms: TransformList,
    channels: 1 | 3,
  ): Promise<ChannelStatistics>;
  close(): Promise<void>;
}

/** @throws {ResnetError} `ERR_CONFIG` if there is no `FileOpener` */
export function requireFiles(files: FileOpener | undefined, { name }: ImageFiles): FileOpener {
  if (files) return files;
  throw new UsageError(
    "ERR_CONFIG",
    `${name} is in files, which cannot be read here: pass images in memory, or a FileOpener as files`,
  );
}

/** Opens images for an executor: images in memory are uploaded, and those in files are left to a `FileOpener`. */
export class ImageSources {
  constructor(
    private readonly executor: Executor,
    private readonly preparation: Preparation,
    private readonly files?: FileOpener,
  ) {}

  /**
   * @param name of the executor's states, for images in memory
   * @throws {ResnetError} `ERR_CONFIG` for files without a `FileOpener`
   */
  async open(
    name: "train" | "valid" | "test",
    images: LabelledImages,
    transforms = this.preparation.transforms,
  ): Promise<BatchSource> {
    const { normalize } = this.preparation;
    if (isInFiles(images)) {
      const channels = channelsOf(normalize);
      return requireFiles(this.files, images).open(images, { transforms, normalize, channels });
    }
    const own = name === "train" ? transforms.train : transforms.eval;
    return residentSource(this.executor, name, images, { ...normalize, transforms: own });
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
      throw new UsageError(
        "ERR_CONFIG",
        `a shift of ${views.shift} pixels moves images of ${height} x ${width} out of sight: take a smaller one`,
      );
    }
    return viewsOf(this.preparation.transforms.eval, views).map(
      (view) => () => this.open(name, images, { train: view, eval: view }),
    );
  }

  async close(): Promise<void> {
    await this.files?.close();
  }
}
