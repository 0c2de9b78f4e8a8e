import type { ImageBytes, ImageShape } from "../../../data/transforms/image-bytes.js";

/** Larger images are rare, and their memory would stay allocated. */
const mostBytes = 4 << 20;

/**
 * Memory for images that are gone when the next one is made. Memory that is new for each image costs more than what is
 * done in it: the system hands out its pages one by one, at the first touch.
 */
export class ImagePool {
  readonly #buffers: Uint8Array[] = [];
  #taken = 0;

  /** A black image that lasts until `giveBack`. */
  blank({ height, width, channels }: ImageShape): ImageBytes {
    return { height, width, channels, data: this.#take(height * width * channels) };
  }

  /** Allows all images made so far to be overwritten. */
  giveBack(): void {
    this.#taken = 0;
  }

  #take(bytes: number): Uint8Array {
    if (bytes > mostBytes) return new Uint8Array(bytes);
    const place = this.#taken++;
    const kept = this.#buffers[place];
    if (kept && kept.length >= bytes) return kept.subarray(0, bytes).fill(0);
    this.#buffers[place] = new Uint8Array(bytes);
    return this.#buffers[place];
  }
}
