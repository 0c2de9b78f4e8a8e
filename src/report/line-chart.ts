import { scaleLinear, scaleLog } from "d3-scale";
import type { Figure } from "./figure.js";
import { element, heading, ink, round, svgFile, textAt, textWidth } from "./svg.js";

export interface Axis {
  /** The quantity, with its unit. */
  readonly name: string;
  /** Where it begins; without, it fits the values. */
  readonly from?: number;
  /** Where it ends, cutting off what lies beyond; without, it fits the values. */
  readonly to?: number;
  /** Default linear. A logarithmic axis leaves out what is not positive. */
  readonly scale?: "linear" | "log";
  /** Whether only whole numbers are labelled. Default false. */
  readonly whole?: boolean;
  /** The colour of the name and the numbers, to tell two axes apart. */
  readonly colour?: string;
  readonly format?: (value: number) => string;
}

export interface Curve {
  /** Empty: not in the legend. */
  readonly name: string;
  readonly colour: string;
  readonly dashed?: boolean;
  /** Whether a curve of at most 30 values has a circle at each. Default true. */
  readonly dots?: boolean;
  /** Which vertical axis it is read on. Default left. */
  readonly axis?: "left" | "right";
  /** NaN is no value, and the curve goes on; an infinite value is a gap. */
  readonly points: readonly Point[];
}

export type Point = readonly [x: number, y: number];

export interface LineChart {
  readonly title: string;
  /** A line below the title: the model and the run. */
  readonly about?: string;
  /** Another line below the title. */
  readonly note?: string;
  /** Default wide. */
  readonly shape?: "wide" | "square";
  readonly x: Axis;
  readonly y: Axis;
  readonly right?: Axis;
  readonly curves: readonly Curve[];
}

/** Width of the picture and height of its plot, in pixels. */
const sizes = { wide: [760, 312], square: [560, 412] } as const;

/** A rectangle of the picture, in pixels. */
interface Frame {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

/** From values to pixels. */
interface Scale {
  (value: number): number;
  readonly ticks: readonly number[];
}

/** Curves over a common horizontal axis, with one vertical axis or two. */
export function lineChart(chart: LineChart): Figure {
  const { title, about, note, shape = "wide", x, y, right, curves } = chart;
  const [width, plotHeight] = sizes[shape];
  const top = heading(title, [about, note], width);
  const key = legend(curves, top.height, width);
  const frame = {
    left: 76,
    top: top.height + key.height + 14,
    right: width - (right ? 76 : 36),
    bottom: top.height + key.height + 14 + plotHeight,
  };
  const ys = (side: "left" | "right"): number[] =>
    curves.filter(({ axis = "left" }) => axis === side).flatMap(({ points }) => points.map(second));
  const xs = curves.flatMap(({ points }) => points.map(first));
  const horizontal = makeScale(x, xs, [frame.left, frame.right], "tight");
  const left = makeScale(y, ys("left"), [frame.bottom, frame.top], "nice");
  const other = right && makeScale(right, ys("right"), [frame.bottom, frame.top], "nice");
  return svgFile(
    width,
    frame.bottom + 62,
    top.svg,
    key.svg,
    verticalAxis(y, left, frame, "left"),
    other ? verticalAxis(right, other, frame, "right") : "",
    horizontalAxis(x, horizontal, frame),
    ...curves.map((curve) =>
      curve.axis === "right" && other
        ? drawCurve(curve, right, horizontal, other, frame)
        : drawCurve(curve, y, horizontal, left, frame),
    ),
  );
}

const first = ([value]: Point): number => value;
const second = ([, value]: Point): number => value;

/** Samples of the curves with their names, in as many lines as they need. */
function legend(curves: readonly Curve[], top: number, width: number) {
  let [x, y] = [24, top + 12];
  const entries: string[] = [];
  for (const { name, colour, dashed } of curves) {
    if (!name) continue;
    const size = 34 + textWidth(name, 13) + 18;
    if (x > 24 && x + size > width) [x, y] = [24, y + 20];
    entries.push(stroke(`M${round(x)} ${y}h26`, colour, dashed));
    entries.push(textAt(x + 34, y, name, { size: 13, fill: ink.strong }));
    x += size;
  }
  return { svg: entries.join(""), height: entries.length === 0 ? 0 : y + 12 - top };
}

function makeScale(
  axis: Axis,
  values: readonly number[],
  range: readonly [number, number],
  fit: "tight" | "nice",
): Scale {
  const isLog = axis.scale === "log";
  const drawable = values.filter((value) => isDrawable(value, axis));
  const ends = [
    drawable.reduce(min, axis.from ?? Infinity),
    drawable.reduce(max, axis.to ?? -Infinity),
  ];
  if (!ends.every(Number.isFinite)) ends.splice(0, 2, isLog ? 1 : 0, isLog ? 10 : 1);
  let [from = 0, to = 1] = [axis.from ?? ends[0], axis.to ?? ends[1]];
  if (from >= to) [from, to] = isLog ? [from / 2, from * 2] : [from - 0.5, from + 0.5]; // a single value in the middle
  const scale = (isLog ? scaleLog() : scaleLinear()).domain([from, to]).range(range);
  if (fit === "nice") {
    const [niceFrom = from, niceTo = to] = scale.nice().domain();
    scale.domain([axis.from ?? niceFrom, axis.to ?? niceTo]);
  }
  const ticks = isLog ? logTicks(scale.domain(), scale.ticks()) : scale.ticks(8);
  return Object.assign((value: number) => scale(value), {
    ticks: axis.whole ? ticks.filter(Number.isInteger) : ticks,
  });
}

const min = (a: number, b: number): number => Math.min(a, b);
const max = (a: number, b: number): number => Math.max(a, b);

const isDrawable = (value: number, { scale }: Axis): boolean =>
  Number.isFinite(value) && (scale !== "log" || value > 0);

/** Powers of ten, at most twelve of them; over less than two of them, their multiples as well. */
function logTicks([from = 1, to = 10]: number[], all: readonly number[]): readonly number[] {
  const decades = Math.log10(to / from);
  if (decades < 2) return all;
  const step = Math.ceil(decades / 12);
  return all.filter(
    (tick) => Math.abs(Math.log10(tick) / step - Math.round(Math.log10(tick) / step)) < 1e-9,
  );
}

/** Long numbers would run into the name of the axis. */
function formatTick(value: number): string {
  const size = Math.abs(value);
  const rounded = Number(value.toPrecision(6)); // ticks such as 3 * 0.1
  return size === 0 || (size >= 1e-3 && size < 1e5) ? String(rounded) : rounded.toExponential();
}

function horizontalAxis({ name, format = formatTick }: Axis, scale: Scale, frame: Frame): string {
  const { left, right, bottom } = frame;
  const ticks = scale.ticks.map((tick) => {
    const mark = `M${round(scale(tick))} ${bottom}v5`;
    const label = textAt(scale(tick), bottom + 16, format(tick), { anchor: "middle" });
    return element("path", { d: mark, stroke: ink.normal }) + label;
  });
  return [
    element("path", { d: `M${left} ${bottom}H${right}`, stroke: ink.normal }),
    ...ticks,
    textAt((left + right) / 2, bottom + 40, name, { size: 13, anchor: "middle" }),
  ].join("");
}

function verticalAxis(axis: Axis, scale: Scale, frame: Frame, side: "left" | "right"): string {
  const { name, colour = ink.normal, format = formatTick } = axis;
  const { left, right, top, bottom } = frame;
  const isLeft = side === "left";
  const ticks = scale.ticks.map((tick) => {
    const y = scale(tick);
    const line = element("path", { d: `M${left} ${round(y)}H${right}`, stroke: ink.faint });
    const label = isLeft
      ? textAt(left - 8, y, format(tick), { anchor: "end", fill: colour })
      : textAt(right + 8, y, format(tick), { fill: colour });
    return (isLeft ? line : "") + label;
  });
  const style = { size: 13, anchor: "middle", fill: colour, rotate: isLeft ? -90 : 90 } as const;
  return [...ticks, textAt(isLeft ? left - 52 : right + 52, (top + bottom) / 2, name, style)].join(
    "",
  );
}

function drawCurve(curve: Curve, axis: Axis, x: Scale, y: Scale, frame: Frame): string {
  const { colour, dashed, dots = true, points } = curve;
  const drawn = points.filter(([, value]) => !Number.isNaN(value));
  let path = "";
  let isGap = true;
  const circles: string[] = [];
  for (const [at, value] of drawn) {
    if (isDrawable(value, axis)) {
      const [cx, cy] = [round(x(at)), round(y(value))];
      path += `${isGap ? "M" : "L"}${cx} ${cy}`;
      circles.push(element("circle", { cx, cy, r: 3, fill: colour }));
    }
    isGap = !isDrawable(value, axis);
  }
  const marks = stroke(path, colour, dashed) + (dots && drawn.length <= 30 ? circles.join("") : "");
  return drawn.some(([, value]) => value > (axis.to ?? Infinity)) ? clip(marks, frame) : marks;
}

const stroke = (d: string, colour: string, dashed = false): string =>
  d &&
  element("path", {
    d,
    fill: "none",
    stroke: colour,
    "stroke-width": 2.25,
    "stroke-linejoin": "bevel",
    "stroke-dasharray": dashed ? "6 4" : undefined,
  });

/** An inner picture shows only its own rectangle, and needs no name as a clipping path does. */
function clip(marks: string, { left, top, right, bottom }: Frame): string {
  const [w, h] = [right - left, bottom - top];
  const viewBox = [left, top, w, h].map(round).join(" ");
  return element("svg", { x: left, y: top, width: w, height: h, viewBox }, marks);
}
