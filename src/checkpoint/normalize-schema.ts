import { z } from "zod";

/** Mean and deviation of each channel, for pixels scaled to 0 … 1; normalized pixels must be finite float32. */
export const normalizeSchema = z
  .strictObject({ mean: z.array(z.number()), std: z.array(z.number().positive()) })
  .refine(
    ({ mean, std }) => mean.every((value, c) => std[c] === 0 || isFiniteWith(value, std[c] ?? 1)),
    {
      message:
        "pixels from 0 to 1, less the mean, over the deviation, would exceed float32: give a mean and a deviation of the size of pixels",
    },
  );

/** Whether black and white stay finite, computed in float32 as `ingest` does. */
const isFiniteWith = (mean: number, std: number): boolean =>
  [0, 1].every((pixel) =>
    Number.isFinite(Math.fround(Math.fround(pixel - Math.fround(mean)) / Math.fround(std))),
  );
