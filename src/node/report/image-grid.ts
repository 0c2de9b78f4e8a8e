import type { EChartsOption } from "echarts";
import sharp from "sharp";
import { type LabelledImages, isInFiles } from "../../data/image-files.js";
import { loadImage } from "../data/loader/load-image.js";
import type { ImageBytes } from "../../data/transforms/image-bytes.js";
import type { TransformList } from "../../data/transforms/transform.js";
import { axisLabelStyle, ink, titleStyle } from "../../report/chart-style.js";
import { fontFamily, renderSvg } from "../../report/render-svg.js";

/** One image of a grid, with two lines of text below it. */
export interface Tile {
  readonly image: ImageBytes;
  readonly heading: string;
  readonly headingColour: string;
  readonly detail: string;
}

/** Reads images by row; those of files are decoded in colour and transformed. */
export function imageOf(
  labelled: LabelledImages,
  transforms: TransformList = [],
): (row: number) => ImageBytes | Promise<ImageBytes> {
  if (isInFiles(labelled)) {
    return (row) =>
      loadImage({ file: labelled.files[row]!, channels: 3, transforms, key: null, shape: null });
  }
  const { images } = labelled;
  const [, height = 0, width = 0, channels = 0] = images.shape;
  const size = height * width * channels;
  return (row) => ({
    height,
    width,
    channels,
    data: images.data.subarray(row * size, (row + 1) * size),
  });
}

const columns = 8;
const imageSide = 96;
const column = imageSide + 32;
const row = imageSide + 50;
const margin = { left: 20, top: 84, bottom: 12 };

/** Images in rows of eight, as SVG with the pixels inside. */
export async function imageGrid(
  title: string,
  note: string,
  tiles: readonly Tile[],
): Promise<string> {
  const elements = await Promise.all(tiles.map(drawTile));
  const text = { text: title, subtext: note, left: 24, top: 16 };
  return renderSvg(
    {
      title: { ...text, textStyle: titleStyle, subtextStyle: { ...axisLabelStyle } },
      graphic: elements.flat() as NonNullable<EChartsOption["graphic"]>,
    },
    2 * margin.left + columns * column,
    margin.top + Math.max(1, Math.ceil(tiles.length / columns)) * row + margin.bottom,
  );
}

async function drawTile(tile: Tile, place: number): Promise<object[]> {
  const x = margin.left + (place % columns) * column + (column - imageSide) / 2;
  const y = margin.top + Math.floor(place / columns) * row;
  const line = (text: string, top: number, fill: string): object => ({
    type: "text",
    style: {
      x: x + imageSide / 2,
      y: y + top,
      align: "center",
      text,
      fill,
      fontFamily,
      fontSize: 12,
      width: column - 4,
      overflow: "truncate",
    },
  });
  const { png, width, height } = await enlarge(tile.image);
  const image = `data:image/png;base64,${png.toString("base64")}`;
  const [left, top] = [x + (imageSide - width) / 2, y + (imageSide - height) / 2];
  return [
    { type: "image", style: { image, x: left, y: top, width, height } },
    line(tile.heading, imageSide + 7, tile.headingColour),
    line(tile.detail, imageSide + 23, ink.normal),
  ];
}

/** As large as fits the tile: small images by whole factors, so that a pixel stays a square. */
async function enlarge({ data, height, width, channels }: ImageBytes) {
  const longest = Math.max(height, width);
  const factor = longest > imageSide ? imageSide / longest : Math.floor(imageSide / longest);
  const size = { width: Math.round(width * factor), height: Math.round(height * factor) };
  const kernel = factor >= 1 ? "nearest" : "lanczos3";
  const raw = { height, width, channels: channels as 1 | 3 };
  const png = await sharp(data, { raw })
    .resize({ ...size, fit: "fill", kernel })
    .png({ compressionLevel: 9 })
    .toBuffer();
  return { png, ...size };
}
