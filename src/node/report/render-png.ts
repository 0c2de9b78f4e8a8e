import sharp from "sharp";

/** Pixels of the PNG for one of the SVG: sharp on dense screens and on paper. */
const scale = 2;

/**
 * A chart as a PNG file, from its SVG. Letters are drawn with the fonts that the machine has.
 *
 * @param svg from one of the charts
 */
export const renderPng = (svg: string): Promise<Uint8Array> =>
  sharp(new TextEncoder().encode(svg), { density: 72 * scale })
    .flatten()
    .png()
    .toBuffer();
