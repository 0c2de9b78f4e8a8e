import { isInFiles, type LabelledImages } from "../data/image-files.js";
import type { Executor } from "../executors/executor.js";
import { fixedTransforms, imageSet, type ImageSet } from "./image-set.js";
import type { BatchSource } from "./sources/batch-source.js";
import { channelsOf, requireFiles, type FileOpener } from "./sources/image-sources.js";
import { residentSource } from "./sources/resident-source.js";
import { dataState } from "./state-names.js";

/** Images for a training or an evaluation: a data set, one with transforms, or a source that is open already. */
export type TrainingImages = LabelledImages | ImageSet | BatchSource;

/** The data sets that a session has opened in its executor. Images with the same transforms are opened once. */
export class SessionData {
  private readonly opened = new Map<LabelledImages, Map<string, Promise<BatchSource>>>();
  private uploads = 0;

  constructor(
    private readonly executor: Executor,
    private readonly files: FileOpener | undefined,
  ) {}

  /** @throws {ResnetError} `ERR_CONFIG` for files without a `FileOpener`; as `residentSource` */
  open(data: TrainingImages): Promise<BatchSource> {
    if ("batches" in data) return Promise.resolve(data);
    const set = "normalize" in data ? data : imageSet(data);
    const sources = this.opened.get(set.images) ?? new Map<string, Promise<BatchSource>>();
    this.opened.set(set.images, sources);
    const key = JSON.stringify([set.normalize, set.transforms]);
    let source = sources.get(key);
    if (!source) {
      source = this.openSet(set);
      sources.set(key, source);
      source.catch(() => sources.delete(key)); // so that the next call tries again
    }
    return source;
  }

  /** Frees the memory of the data in the executor. */
  async close(): Promise<void> {
    this.opened.clear();
    const uploads = Array.from({ length: this.uploads }, (_, i) => uploadName(i));
    const states = this.executor.states();
    for (const name of uploads.flatMap((each) => [
      dataState(each, "images"),
      dataState(each, "labels"),
    ])) {
      if (states.has(name)) await this.executor.remove(name);
    }
    await this.files?.close();
  }

  private async openSet(set: ImageSet): Promise<BatchSource> {
    const { images, normalize, transforms } = set;
    if (isInFiles(images)) {
      return requireFiles(this.files, images).open(images, {
        transforms: { train: transforms, eval: fixedTransforms(set) },
        normalize,
        channels: channelsOf(normalize),
      });
    }
    const name = uploadName(this.uploads++);
    return residentSource(this.executor, name, images, { ...normalize, transforms });
  }
}

const uploadName = (i: number): string => `set-${i + 1}`;
