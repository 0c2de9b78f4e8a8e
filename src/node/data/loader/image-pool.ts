import type { ImageBytes, ImageShape } from "../../../data/transforms/image-bytes.js";

/** Larger images are rare, so their memory is not kept. */
const maxBytes = 4 << 20;

/**
 * Reusable memory for intermediate images. Allocating for each image costs more time than the transforms, since the
 * system maps each page at its first use.
 */
export class ImagePool {
  readonly #buffers: Uint8Array[] = [];
  #taken = 0;

  /** A black image, valid until `giveBack`. */
  blank({ height, width, channels }: ImageShape): ImageBytes {
    return { height, width, channels, data: this.#take(height * width * channels) };
  }

  /** Marks the memory of all images made so far as free. */
  giveBack(): void {
    this.#taken = 0;
  }

  #take(bytes: number): Uint8Array {
    if (bytes > maxBytes) return new Uint8Array(bytes);
    const place = this.#taken++;
    const kept = this.#buffers[place];
    if (kept && kept.length >= bytes) return kept.subarray(0, bytes).fill(0);
    this.#buffers[place] = new Uint8Array(bytes);
    return this.#buffers[place];
  }
}
