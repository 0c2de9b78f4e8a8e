import { printable } from "../tensor/printable.js";
import { Figure } from "./figure.js";

/** Distinct for readers with any colour vision; Okabe and Ito 2008. */
export const colours = {
  blue: "#0072b2",
  orange: "#d55e00",
  green: "#009e73",
  purple: "#cc79a7",
  sky: "#56b4e9",
  amber: "#e69f00",
} as const;

export const ink = { strong: "#1f2328", normal: "#4b5563", faint: "#e5e7eb" } as const;

/** The colour of a curve by its place among others. */
export const colourAt = (place: number): string => palette[place % palette.length]!;

const palette = [
  colours.orange,
  colours.blue,
  colours.amber,
  colours.green,
  colours.purple,
  colours.sky,
  ink.strong,
];

type Attributes = Readonly<Record<string, string | number | undefined>>;

/**
 * An element of an SVG file as text. Numbers are rounded to hundredths, and an attribute that is undefined is left out.
 *
 * @param children elements, or text that `escape` made safe
 */
export function element(name: string, attributes: Attributes, ...children: string[]): string {
  const listed = Object.entries(attributes)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => ` ${key}="${typeof value === "number" ? round(value) : escape(value!)}"`)
    .join("");
  const content = children.join("");
  return content ? `<${name}${listed}>${content}</${name}>` : `<${name}${listed}/>`;
}

/** A coordinate, short enough to read. */
export const round = (value: number): number => Math.round(value * 100) / 100 || 0;

/** Names of classes come from files: XML has no control characters, and a reversed line could not be read. */
const escape = (text: string): string =>
  printable(text, Infinity)
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");

export interface TextStyle {
  /** In pixels. Default 12. */
  readonly size?: number;
  /** Default normal ink. */
  readonly fill?: string;
  readonly weight?: "bold";
  /** Which part of the text stands at `x`. Default its start. */
  readonly anchor?: "middle" | "end";
  /** Clockwise around the place, in degrees. */
  readonly rotate?: number;
}

/** One line of text with its middle at the height `y`, in pixels. */
export function textAt(x: number, y: number, text: string, style: TextStyle = {}): string {
  const { size = 12, fill = ink.normal, weight, anchor, rotate } = style;
  const attributes = {
    x,
    y,
    dy: "0.35em", // few programs besides browsers know dominant-baseline
    "font-size": size,
    "font-weight": weight,
    "text-anchor": anchor,
    fill,
    transform: rotate === undefined ? undefined : `rotate(${rotate} ${round(x)} ${round(y)})`,
  };
  return element("text", attributes, escape(text));
}

/**
 * About how wide a line of text is, in pixels: the letters of the fonts below differ by a tenth, and it counts the wider ones.
 *
 * @param size of the font, in pixels
 */
export function textWidth(text: string, size: number): number {
  let width = 0;
  for (const letter of text) width += widthOf(letter);
  return width * size;
}

function widthOf(letter: string): number {
  if (/[ijlI.,:;'|!]/.test(letter)) return 0.31;
  if (/[frt ()[\]/-]/.test(letter)) return 0.37;
  if (/[mwMW@%]/.test(letter)) return 0.95;
  if (/[A-Z]/.test(letter)) return 0.72;
  return letter.codePointAt(0)! >= 0x2e80 ? 1 : 0.62; // the scripts of East Asia are square
}

/** The text, or as much of it as is not wider than `width` pixels, with an ellipsis. */
export function fitText(text: string, size: number, width: number): string {
  if (textWidth(text, size) <= width) return text;
  const letters = Array.from(text);
  while (letters.length > 0 && textWidth(`${letters.join("")}…`, size) > width) letters.pop();
  return `${letters.join("").trimEnd()}…`;
}

/** The title of a picture and the lines below it, wrapped at words to a width in pixels; and the height that they take. */
export function heading(
  title: string,
  notes: readonly (string | undefined)[],
  width: number,
): { readonly svg: string; readonly height: number } {
  const left = 24;
  const lines = notes.flatMap((note) => (note ? wrap(note, 12, width - 2 * left) : []));
  const svg = [
    textAt(left, 26, fitText(title, 18, width - 2 * left), {
      size: 17,
      weight: "bold",
      fill: ink.strong,
    }),
    ...lines.map((line, i) => textAt(left, 50 + 17 * i, line)),
  ].join("");
  return { svg, height: 42 + 17 * lines.length };
}

function wrap(text: string, size: number, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const longer = lines.length > 0 ? `${lines.at(-1)} ${word}` : word;
    if (lines.length > 0 && textWidth(longer, size) <= width) lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  return lines;
}

/**
 * A whole SVG file, on white, without script, style sheets or outside references.
 *
 * @param width in pixels
 * @param height in pixels
 */
export function svgFile(width: number, height: number, ...children: string[]): Figure {
  const [w, h] = [Math.ceil(width), Math.ceil(height)];
  const attributes = {
    width: w,
    height: h,
    xmlns: "http://www.w3.org/2000/svg",
    viewBox: `0 0 ${w} ${h}`,
    "font-family": "Helvetica, Arial, Liberation Sans, DejaVu Sans, sans-serif",
  };
  const paper = element("rect", { width: w, height: h, fill: "#ffffff" });
  return new Figure(`${element("svg", attributes, `\n${[paper, ...children].join("\n")}\n`)}\n`);
}
