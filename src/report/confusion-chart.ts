import type { EChartsOption } from "echarts";
import { axisLabelStyle, axisNameStyle, ink, titleStyle } from "./chart-style.js";
import { requireSquare, type ConfusionMatrix } from "./confusion-matrix.js";
import { renderSvg } from "./render-svg.js";

/** Light to dark of one hue: the share of a class's samples that went to the predicted class. */
const shades = ["#f7fbff", "#d3e4f3", "#9dc6e0", "#5aa1cf", "#2676b8", "#08478d"];

/** From this share on, the shade is so dark that the count is written in white. */
const whiteTextFrom = 0.55;

/**
 * A confusion matrix as a heat map with its counts, as SVG: true classes on the rows, predicted
 * classes on the columns. A cell's shade is its share of its row, so that classes of different size
 * compare.
 *
 * @throws {ReportError} `ERR_REPORT_MATRIX` if the matrix is not square or not of that size
 */
export function confusionChart(matrix: ConfusionMatrix, classes: readonly string[]): string {
  requireSquare(matrix, classes, "confusionChart");
  const longest = Math.max(0, ...classes.map((name) => name.length));
  const labelWidth = Math.min(7 * longest, 170);
  const cell = Math.max(24, Math.min(52, Math.round(900 / Math.max(1, classes.length))));
  const side = Math.max(cell * classes.length, 260);
  const margin = { left: 66 + labelWidth, top: 92, right: 44, bottom: 56 + 0.72 * labelWidth };
  const counts = matrix.flat();
  const widest = Math.max(1, ...counts.map((count) => String(count).length));
  const countSize = Math.max(7, Math.min(13, Math.floor(cell / (0.62 * (widest + 1)))));

  const axis = {
    type: "category" as const,
    data: [...classes],
    nameLocation: "middle" as const,
    nameTextStyle: axisNameStyle,
    axisLine: { show: false },
    axisTick: { show: false },
  };
  const axisLabel = { ...axisLabelStyle, interval: 0, width: 170, overflow: "truncate" } as const;
  const option: EChartsOption = {
    title: {
      text: "Confusion matrix",
      subtext: "Counts of samples; the shade is the share of the true class",
      left: 24,
      top: 16,
      textStyle: titleStyle,
      subtextStyle: { ...axisLabelStyle },
    },
    grid: { left: margin.left, top: margin.top, width: side, height: side },
    xAxis: {
      ...axis,
      name: "Predicted class",
      nameGap: 0.72 * labelWidth + 24,
      axisLabel: { ...axisLabel, rotate: 45 },
    },
    yAxis: {
      ...axis,
      name: "True class",
      nameGap: labelWidth + 26,
      inverse: true,
      axisLabel,
    },
    visualMap: { show: false, min: 0, max: 1, dimension: 2, inRange: { color: shades } },
    series: [
      {
        type: "heatmap",
        data: matrix.flatMap((row, label) => {
          const support = row.reduce((sum, count) => sum + count, 0);
          return row.map((count, prediction) => {
            const share = support === 0 ? 0 : count / support;
            const colour =
              share >= whiteTextFrom ? "#ffffff" : count === 0 ? "#9ca3af" : ink.strong;
            const text = { formatter: String(count), color: colour };
            return { value: [prediction, label, share], label: text };
          });
        }),
        label: { show: true, fontSize: countSize },
        itemStyle: { borderColor: "#ffffff", borderWidth: 1 },
      },
    ],
  };
  const [width, height] = [margin.left + side + margin.right, margin.top + side + margin.bottom];
  return renderSvg(option, Math.ceil(width), Math.ceil(height));
}
