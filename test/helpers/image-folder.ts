// A temporary folder of small PNGs, whose class shows in their colour.
import { mkdirSync } from "node:fs";
import path from "node:path";
import type { TestContext } from "node:test";
import sharp from "sharp";
import { randomIntegers } from "./arrays.js";
import { scratchFolder } from "./scratch-folder.js";

const levels = [40, 160, 230];

/**
 * `train/CLASS/N.png` and `val/CLASS/N.png` for classes a, b and c.
 *
 * @param counts images of each class in each part
 */
export async function writeImageFolder(
  t: Pick<TestContext, "after">,
  counts: Readonly<Record<string, number>> = { train: 5, val: 2 },
): Promise<string> {
  const root = scratchFolder(t);
  for (const [part, count] of Object.entries(counts)) {
    for (const [label, name] of ["a", "b", "c"].entries()) {
      const folder = path.join(root, part, name);
      mkdirSync(folder, { recursive: true });
      for (let i = 0; i < count; i++) {
        const size = { width: 20 + 3 * i, height: 16 + 2 * label };
        await sharp(noise(size, levels[label]!, 100 * label + i), { raw: { ...size, channels: 3 } })
          .png()
          .toFile(path.join(folder, `${i}.png`));
      }
    }
  }
  return root;
}

/** Noise around a level of grey. */
const noise = (size: { width: number; height: number }, level: number, seed: number): Uint8Array =>
  randomIntegers([size.height, size.width, 3], seed, 50, "u8").data.map((value) =>
    Math.min(level + value, 255),
  );
