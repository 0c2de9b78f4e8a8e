import { z } from "zod";
import { didYouMean } from "../../tensor/did-you-mean.js";
import { watchedMetric } from "../config/metric-names.js";
import { spanSchema } from "./span.js";

const share = z.number().positive().max(1);
const span = spanSchema("above 0");

/** The fields of every schedule. */
const common = {
  /** The time in which the rate grows by equal steps to where the schedule proper begins. */
  warmup: spanSchema("0").default(0),
};

const schema = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("constant"), ...common }),
  z.strictObject({
    kind: z.literal("step"),
    /** The time between two falls. */
    every: span,
    /** The factor on the rate at each milestone. */
    factor: share.default(0.1),
    ...common,
  }),
  z.strictObject({
    kind: z.literal("multi-step"),
    /** The times after which the rate falls, in any order; a time that is given twice counts twice. */
    milestones: z.array(span).min(1),
    factor: share.default(0.1),
    ...common,
  }),
  z.strictObject({
    kind: z.literal("exponential"),
    /** The factor on the rate over an epoch, applied in equal parts at each step. */
    factor: share,
    ...common,
  }),
  z.strictObject({
    kind: z.literal("cosine"),
    /** Share of the peak that is left at the end. */
    floor: z.number().min(0).max(1).default(0),
    ...common,
  }),
  z.strictObject({
    kind: z.literal("one-cycle"),
    /** Share of the steps in which the rate grows. */
    rise: z.number().min(0).lt(1).default(0.3),
    /** The first rate is the peak's this part. */
    startDivisor: z.number().min(1).default(25),
    /** The last rate is the first's this part. */
    endDivisor: z.number().min(1).default(10_000),
    anneal: z.enum(["cosine", "linear"]).default("cosine"),
    ...common,
  }),
  z.strictObject({
    kind: z.literal("polynomial"),
    power: z.number().positive().default(1),
    ...common,
  }),
  z.strictObject({
    kind: z.literal("plateau"),
    metric: watchedMetric.default("validLoss"),
    /** The factor on the rate. */
    factor: z.number().positive().lt(1).default(0.1),
    /** Validations without improvement that are borne; the next one lowers the rate. */
    patience: z.int().min(0).default(10),
    /** Share by which the metric must be better to count. */
    threshold: z.number().min(0).default(1e-4),
    /** Epochs after a fall in which nothing counts. */
    cooldown: z.int().min(0).default(0),
    /** Share of the peak that the rate never falls below. */
    floor: z.number().min(0).lt(1).default(0),
    ...common,
  }),
]);

/** The learning rate over time, as plain data. */
export type ScheduleConfig = z.output<typeof schema>;

/** The short forms, for messages and `--help`. */
export const scheduleForms =
  "constant, cosine[:WARMUP], step:EPOCHS[:FACTOR], multi-step:EPOCH,EPOCH,…[:FACTOR], exponential:FACTOR, " +
  "one-cycle[:RISE], polynomial[:POWER], plateau[:PATIENCE[:FACTOR]], or warmup:EPOCHS+ANY OF THEM; " +
  "EPOCHS may be a share of the training, such as 10%";

/** The names of the words after a kind, in order. */
const wordsOf: ReadonlyMap<string, readonly string[]> = new Map([
  ["constant", []],
  ["cosine", ["warmup"]],
  ["step", ["every", "factor"]],
  ["multi-step", ["milestones", "factor"]],
  ["exponential", ["factor"]],
  ["one-cycle", ["rise"]],
  ["polynomial", ["power"]],
  ["plateau", ["patience", "factor"]],
]);

/** The data of a short form such as `step:10:0.1` or `warmup:5+step:10:0.1`; null if it is none. */
function readForm(text: string): ScheduleConfig | null {
  const [, warmup, kind = "", rest] = /^(?:warmup:([^+]+)\+)?([a-z-]+)(?::(.*))?$/.exec(text) ?? [];
  const names = wordsOf.get(kind) ?? [];
  const words = rest?.split(":") ?? [];
  if (words.length > names.length) return null;
  const values = words.map((word, i) =>
    names[i] === "milestones" ? word.split(",").map(valueOf) : valueOf(word),
  );
  const given = Object.fromEntries(values.map((value, i) => [names[i], value]));
  const before = warmup === undefined ? {} : { warmup: valueOf(warmup) };
  return schema.safeParse({ kind, ...before, ...given }).data ?? null;
}

/** A number, or a share such as `10%` as it is. */
const valueOf = (word: string): number | string =>
  word.endsWith("%") ? word : word.trim() === "" ? NaN : Number(word);

function adviceFor(text: string): string {
  const kind = /^(?:warmup:[^+]*\+)?([a-z-]*)/.exec(text)![1]!;
  const kinds = [...wordsOf.keys()];
  const likely = kinds.includes(kind) ? "" : didYouMean(kind, kinds);
  return `choose ${scheduleForms}${likely}`;
}

/** Data, or a short form that becomes data. */
export const scheduleSchema = z
  .custom<string | z.input<typeof schema>>()
  .transform((value, context) => {
    if (typeof value !== "string") return value;
    const data = readForm(value);
    if (!data) context.addIssue({ code: "custom", message: adviceFor(value) });
    return data ?? z.NEVER;
  })
  .pipe(schema);
