import { resample } from "../../data/transforms/resample.js";
import type { ImageBytes, ImageSize } from "../../data/transforms/image-bytes.js";
import type { GradCam } from "../../predict/grad-cam.js";
import type { Figure } from "../../report/figure.js";
import { element, fitText, heading, ink, svgFile, textAt } from "../../report/svg.js";
import { formatShare } from "./image-grid.js";
import { drawImage } from "./picture.js";

/** The longer side of each of the two pictures is at most so many pixels; small ones are enlarged by a whole factor. */
const mostSide = 448;
const [margin, gap] = [24, 16];

/** Cold to hot, told apart in grey too: dark blue, purple, orange, light yellow (the colours of `plasma`). */
const palette = [
  [13, 8, 135],
  [156, 23, 158],
  [237, 121, 83],
  [240, 249, 33],
] as const;

/**
 * A picture as the model sees it, and beside it the same in grey under the colours of its Grad-CAM map, with the class, its
 * probability and a bar of the colours, with the pixels inside.
 *
 * @param model for the line below the title. Default: the line names the layer alone
 */
export async function gradCamPicture(cam: GradCam, model?: string): Promise<Figure> {
  const { picture, layer, of } = cam;
  const longest = Math.max(picture.height, picture.width);
  const side = longest > mostSide ? mostSide : longest * factorOf(picture);
  const height = Math.round((side * picture.height) / longest);
  const width = 2 * margin + 2 * side + gap + 64;
  const title = `${fitText(of.label, 17, width - 220)}, ${formatShare(of.probability)}`;
  const where = [...(model ? [model] : []), layer].join(", ");
  const top = heading(title, [`Grad-CAM at ${where}`], width);
  const [left, right, y] = [margin, margin + side + gap, top.height + 8];
  const caption = { anchor: "middle" } as const;
  return svgFile(
    width,
    y + height + 36,
    top.svg,
    await drawImage(picture, left, y - (side - height) / 2, side),
    await drawImage(heated(enlarged(picture), cam), right, y - (side - height) / 2, side),
    textAt(left + side / 2, y + height + 16, "As the model sees it", caption),
    textAt(right + side / 2, y + height + 16, "Evidence for the class", caption),
    colourBar(right + side + 14, y, height),
  );
}

const factorOf = ({ height, width }: ImageSize): number =>
  Math.max(1, Math.floor(mostSide / Math.max(height, width)));

/** Small pictures by a whole factor, so that the map on them is smooth. */
function enlarged({ data, height, width, channels }: ImageBytes): ImageBytes {
  const factor = factorOf({ height, width });
  const row = width * factor;
  const large = new Uint8Array(height * factor * row * channels);
  for (let i = 0; i < large.length; i++) {
    const [pixel, c] = [Math.floor(i / channels), i % channels];
    const [y, x] = [
      Math.floor(Math.floor(pixel / row) / factor),
      Math.floor((pixel % row) / factor),
    ];
    large[i] = data[(y * width + x) * channels + c]!;
  }
  return { data: large, height: height * factor, width: row, channels };
}

/** The picture in grey, the more in the colour of the map the hotter it is. */
function heated(picture: ImageBytes, { heat, height, width }: GradCam): ImageBytes {
  const bytes = Uint8Array.from(heat, (value) => Math.round(255 * value));
  const map = resample({ height, width, channels: 1, data: bytes }, picture, "bilinear");
  const { channels, data } = picture;
  const drawn = new Uint8Array(map.data.length * 3);
  map.data.forEach((byte, pixel) => {
    const share = byte / 255;
    const rgb = [0, 1, 2].map((c) => data[pixel * channels + Math.min(c, channels - 1)]!);
    const grey = 0.299 * rgb[0]! + 0.587 * rgb[1]! + 0.114 * rgb[2]!;
    const opacity = 0.25 + 0.45 * share;
    colourOf(share).forEach((colour, c) => {
      drawn[3 * pixel + c] = Math.round(grey + opacity * (colour - grey));
    });
  });
  return { data: drawn, height: picture.height, width: picture.width, channels: 3 };
}

function colourBar(x: number, y: number, length: number): string {
  const [steps, height] = [48, length / 48];
  const bar = Array.from({ length: steps }, (_, i) => {
    const fill = `rgb(${colourOf(1 - i / (steps - 1))
      .map(Math.round)
      .join(" ")})`;
    return element("rect", { x, y: y + i * height, width: 12, height: height + 0.5, fill });
  });
  return [
    ...bar,
    textAt(x + 17, y + 6, "most", { fill: ink.strong }),
    textAt(x + 17, y + length - 6, "none", { fill: ink.strong }),
  ].join("");
}

function colourOf(share: number): readonly number[] {
  const at = share * (palette.length - 1);
  const low = Math.min(Math.floor(at), palette.length - 2);
  return palette[low]!.map((byte, c) => byte + (at - low) * (palette[low + 1]![c]! - byte));
}
