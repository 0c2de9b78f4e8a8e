import { Sequential } from "../nn/sequential.js";
import type { Block, BlockFactory } from "./block.js";

/** One stage for each number in `T`. */
export type StagesOf<T extends readonly number[]> = { readonly [K in keyof T]: Sequential };

/**
 * The stages of a network: the first keeps the image at `width` channels, each one after it halves the image and doubles
 * the channels with its first block.
 *
 * @param counts number of blocks in each stage
 * @returns the stages, and the channels that the last one puts out
 */
export function makeStages<const T extends readonly number[]>(
  block: BlockFactory,
  counts: T,
  width: number,
): { readonly stages: StagesOf<T>; readonly outChannels: number } {
  const count = counts.reduce((sum, n) => sum + n, 0);
  let index = 0;
  let inChannels = width;
  const stages = counts.map((length, stage) => {
    const blocks = Array.from({ length }, (_, i): Block => {
      const stride = i === 0 && stage > 0 ? 2 : 1;
      const made = block({ inChannels, channels: width * 2 ** stage, stride, index, count });
      index++;
      inChannels = made.outChannels;
      return made;
    });
    return new Sequential(...blocks);
  });
  return { stages: stages as unknown as StagesOf<T>, outChannels: inChannels };
}
