/** What tests read in a figure, or in the text of an SVG file. */
import type { Figure } from "../../src/report/figure.js";

/** The texts of a picture, in order. */
export const texts = (svg: Figure | string): string[] =>
  [...String(svg).matchAll(/<text[^>]*>([^<]*)<\/text>/g)].map(([, text]) => text!);

/** The curves of a line chart, in pixels: the strokes of 2.25 pixels, without the short ones of the legend. */
export const curves = (
  svg: Figure | string,
): { readonly points: string; readonly dashed: boolean }[] =>
  [...String(svg).matchAll(/<path d="([^"h]*)"[^>]*stroke-width="2\.25"[^>]*>/g)].map(
    ([path, points]) => ({
      points: points!,
      dashed: path.includes("stroke-dasharray"),
    }),
  );

/** Where a text stands, in pixels. */
export function placeOf(
  svg: Figure | string,
  text: string,
): { readonly x: number; readonly y: number } {
  const place = new RegExp(`<text x="([\\d.]+)" y="([\\d.]+)"[^>]*>${text}</text>`).exec(
    String(svg),
  );
  if (!place) throw new Error(`${text} is not in the picture`);
  return { x: Number(place[1]), y: Number(place[2]) };
}
