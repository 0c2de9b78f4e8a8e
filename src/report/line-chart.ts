import type { EChartsOption, XAXisComponentOption } from "echarts";
import { axisLabelStyle, axisNameStyle, ink, titleStyle } from "./chart-style.js";
import { renderSvg } from "./render-svg.js";

export interface Axis {
  /** What it shows, with its unit. */
  readonly name: string;
  /** Where it begins; without, it fits the values. */
  readonly from?: number;
  /** Where it ends, cutting off what lies beyond; without, it fits the values. */
  readonly to?: number;
  /** Default linear. A logarithmic axis leaves out what is not positive. */
  readonly scale?: "linear" | "log";
  /** Of its name and numbers, to tell two axes apart. */
  readonly colour?: string;
  readonly format?: (value: number) => string;
}

export interface Curve {
  /** Empty: not in the legend. */
  readonly name: string;
  readonly colour: string;
  readonly dashed?: boolean;
  /** Which vertical axis it is read on. Default left. */
  readonly axis?: "left" | "right";
  /** NaN is no value, and the curve goes on; an infinite value is a gap. */
  readonly points: readonly Point[];
}

export type Point = readonly [x: number, y: number];

export interface LineChart {
  readonly title: string;
  /** A line below the title. */
  readonly note?: string;
  readonly x: Axis;
  readonly y: Axis;
  readonly right?: Axis;
  readonly curves: readonly Curve[];
}

const width = 760;
const height = 440;

/** Curves over a common horizontal axis, with one vertical axis or two, as SVG. */
export function lineChart(chart: LineChart): string {
  const { title, note, x, y, right, curves } = chart;
  const option: EChartsOption = {
    title: {
      text: title,
      ...(note && { subtext: note, subtextStyle: { ...axisLabelStyle } }),
      left: 24,
      top: 16,
      textStyle: titleStyle,
    },
    legend: {
      right: 32,
      top: 17,
      itemWidth: 26,
      itemHeight: 4,
      itemGap: 20,
      textStyle: { ...axisNameStyle, color: ink.strong },
      data: curves.flatMap(({ name }) => (name ? { name } : [])),
    },
    grid: { left: 76, right: right ? 76 : 36, top: note ? 84 : 66, bottom: 62 },
    xAxis: horizontalAxis(x, curves),
    yAxis: [verticalAxis(y, "left"), ...(right ? [verticalAxis(right, "right")] : [])],
    series: curves.map((curve) => series(curve, curve.axis === "right" ? right! : y)),
  };
  return renderSvg(option, width, height);
}

const limits = ({ from, to }: Axis): { readonly min?: number; readonly max?: number } => ({
  ...(from === undefined ? {} : { min: from }),
  ...(to === undefined ? {} : { max: to }),
});

function horizontalAxis(axis: Axis, curves: readonly Curve[]): XAXisComponentOption {
  const xs = curves.flatMap(({ points }) => points.map(([value]) => value));
  const [first, last] = [Math.min(...xs), Math.max(...xs)];
  const margin = first === last ? 0.5 : 0; // puts a single point in the middle
  const format = axis.format ?? String;
  return {
    type: axis.scale === "log" ? "log" : "value",
    name: axis.name,
    nameLocation: "middle",
    nameGap: 32,
    nameTextStyle: axisNameStyle,
    ...(xs.length > 0 ? { min: first - margin, max: last + margin } : {}),
    ...limits(axis),
    ...(axis.scale === "log" ? {} : { minInterval: first === last ? 0.5 : 1 }),
    axisLabel: {
      ...axisLabelStyle,
      formatter: (value: number) =>
        axis.scale === "log" || Number.isInteger(value) ? format(value) : "",
    },
    axisLine: { lineStyle: { color: ink.normal } },
    axisTick: { show: true, lineStyle: { color: ink.normal } },
    splitLine: { show: false },
  } as XAXisComponentOption;
}

/** Long numbers would run into the name of the axis. */
const formatTick = (value: number): string =>
  Math.abs(value) < 1e5 ? String(value) : value.toExponential();

function verticalAxis(axis: Axis, side: "left" | "right"): object {
  const colour = axis.colour ?? ink.normal;
  return {
    type: axis.scale === "log" ? "log" : "value",
    position: side,
    name: axis.name,
    nameLocation: "middle",
    nameGap: 52,
    ...(side === "right" && { nameRotate: -90 }),
    nameTextStyle: { ...axisNameStyle, color: colour },
    ...limits(axis),
    axisLabel: { ...axisLabelStyle, color: colour, formatter: axis.format ?? formatTick },
    splitLine: side === "left" ? { lineStyle: { color: ink.faint } } : { show: false },
  };
}

function series({ name, colour, dashed, axis, points }: Curve, vertical: Axis): object {
  const isDrawable = (value: number): boolean =>
    Number.isFinite(value) && (vertical.scale !== "log" || value > 0);
  const { to } = vertical;
  const drawn = points.filter(([, y]) => !Number.isNaN(y));
  return {
    type: "line",
    name,
    yAxisIndex: axis === "right" ? 1 : 0,
    data: drawn.map(([x, y]) => [x, isDrawable(y) ? y : "-"]),
    showSymbol: drawn.length <= 30,
    symbol: "circle",
    symbolSize: 6,
    itemStyle: { color: colour },
    lineStyle: { color: colour, width: 2.25, ...(dashed && { type: [6, 4] }) },
    clip: to !== undefined && points.some(([, y]) => y > to),
  };
}
