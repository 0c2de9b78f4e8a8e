import type { EChartsOption } from "echarts";
import { axisLabelStyle, axisNameStyle, ink, titleStyle } from "./chart-style.js";
import type { EpochMetrics } from "../train/epoch-metrics.js";
import { renderSvg } from "./render-svg.js";

/** One curve over the epochs. */
export interface EpochSeries {
  readonly name: string;
  readonly colour: string;
  readonly valueOf: (metrics: EpochMetrics) => number;
}

export interface EpochChart {
  readonly title: string;
  /** A line below the title. */
  readonly note?: string;
  /** What the vertical axis shows, with its unit. */
  readonly axisName: string;
  readonly series: readonly EpochSeries[];
  /** Where the vertical axis begins. */
  readonly from: number;
  /** Where it ends, cutting off what lies above; without, it fits the values. */
  readonly to?: number;
  readonly formatValue: (value: number) => string;
}

const width = 760;
const height = 440;

/** Curves over the epochs on one vertical axis, as SVG. A value that is not finite is a gap. */
export function epochChart(metrics: readonly EpochMetrics[], chart: EpochChart): string {
  const epochs = metrics.map(({ epoch }) => epoch);
  const margin = metrics.length === 1 ? 0.5 : 0; // puts a single epoch in the middle
  const ends = { min: Math.min(...epochs) - margin, max: Math.max(...epochs) + margin };
  const isSparse = metrics.length <= 30;
  const option: EChartsOption = {
    title: {
      text: chart.title,
      ...(chart.note && { subtext: chart.note, subtextStyle: { ...axisLabelStyle } }),
      left: 24,
      top: 16,
      textStyle: titleStyle,
    },
    legend: {
      right: 32,
      top: 17,
      icon: "roundRect",
      itemWidth: 22,
      itemHeight: 4,
      itemGap: 20,
      textStyle: { ...axisNameStyle, color: ink.strong },
      data: chart.series.map(({ name }) => name),
    },
    grid: { left: 76, right: 36, top: 66, bottom: 62 },
    xAxis: {
      type: "value",
      name: "Epoch",
      nameLocation: "middle",
      nameGap: 32,
      nameTextStyle: axisNameStyle,
      ...(metrics.length > 0 ? ends : {}),
      minInterval: metrics.length === 1 ? 0.5 : 1,
      axisLabel: {
        ...axisLabelStyle,
        formatter: (epoch: number) => (Number.isInteger(epoch) ? String(epoch) : ""),
      },
      axisLine: { lineStyle: { color: ink.normal } },
      axisTick: { show: true, lineStyle: { color: ink.normal } },
      splitLine: { show: false },
    },
    yAxis: {
      type: "value",
      name: chart.axisName,
      nameLocation: "middle",
      nameGap: 52,
      nameTextStyle: axisNameStyle,
      min: chart.from,
      ...(chart.to === undefined ? {} : { max: chart.to }),
      axisLabel: { ...axisLabelStyle, formatter: chart.formatValue },
      splitLine: { lineStyle: { color: ink.faint } },
    },
    series: chart.series.map(({ name, colour, valueOf }) => ({
      type: "line",
      name,
      data: metrics.map((row) => {
        const value = valueOf(row);
        return [row.epoch, Number.isFinite(value) ? value : "-"];
      }),
      showSymbol: isSparse,
      symbol: "circle",
      symbolSize: 6,
      itemStyle: { color: colour },
      lineStyle: { color: colour, width: 2.25 },
      clip: chart.to !== undefined && metrics.some((row) => valueOf(row) > chart.to!),
    })),
  };
  return renderSvg(option, width, height);
}
