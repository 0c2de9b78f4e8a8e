import type { EChartsOption } from "echarts";
import { init } from "echarts/dist/echarts.esm.min.mjs";
import { printableLines } from "../tensor/printable.js";

/**
 * A chart as the text of an SVG file, on white, without script or outside references.
 *
 * ECharts draws it: it needs no DOM, brings two packages with it (vega: fifty-eight) and knows the
 * widths of letters, so labels do not collide. What it adds for interaction is taken out again, and
 * with it the counters in its names: the same option gives the same bytes.
 *
 * @param width in pixels
 * @param height in pixels
 */
export function renderSvg(option: EChartsOption, width: number, height: number): string {
  const chart = init(null, null, { renderer: "svg", ssr: true, width, height });
  try {
    chart.setOption({ ...theme, ...option });
    // Names of classes come from files, and XML takes no control characters.
    return `${plainSvg(printableLines(chart.renderToSVGString()))}\n`;
  } finally {
    chart.dispose();
  }
}

/**
 * ECharts escapes quotes in texts, so these patterns meet only its own attributes. Text is centred
 * by `dy`, because few programs besides browsers know `dominant-baseline`.
 */
const plainSvg = (svg: string): string =>
  svg
    .replaceAll(' dominant-baseline="central"', ' dy="0.35em"')
    .replaceAll(/ (class|ecmeta_\w+|pointer-events)="[^"]*"/g, "")
    .replace(/<style ?><!\[CDATA\[[\s\S]*?\]\]>\s*<\/style>\n?/, "")
    .replaceAll(/(id="|url\(#)zr\d+-/g, "$1");

export const fontFamily = "Helvetica, Arial, Liberation Sans, DejaVu Sans, sans-serif";

const theme: EChartsOption = {
  animation: false,
  backgroundColor: "#ffffff",
  textStyle: { fontFamily },
};
