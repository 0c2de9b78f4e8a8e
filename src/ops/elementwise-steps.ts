import { ResnetError } from "../tensor/error.js";
import { binaryFunctions, type BinaryName } from "./binary-functions.js";
import { unaryFunctions, type UnaryName, type UnaryParameters } from "./unary-functions.js";

/** An operand of a step: an operand of the instruction, the result of an earlier step, or a number. */
export type Source =
  | { readonly kind: "operand" | "step"; readonly index: number }
  | { readonly kind: "number"; readonly value: number };

/** One function in a chain of elementwise functions. */
export interface Step {
  /** A function of `binary` or `unary`, one of `unary` with `Grad` behind it, or `where`. */
  readonly name: string;
  readonly sources: readonly Source[];
  readonly parameters: UnaryParameters;
}

/** How a step computes: of how many sources, and with which parameters behind them. */
interface StepRule {
  readonly sources: number;
  /** How many of them may be numbers. */
  readonly numbers: number;
  readonly parameters: readonly (keyof UnaryParameters)[];
  compute(values: readonly number[], parameters: UnaryParameters): number;
}

const defaults: Required<UnaryParameters> = {
  min: -Infinity,
  max: Infinity,
  beta: 1,
  threshold: 20,
};

const parametersOf = (name: UnaryName): readonly (keyof UnaryParameters)[] =>
  name === "clamp" ? ["min", "max"] : name === "softplus" ? ["beta", "threshold"] : [];

const rules: ReadonlyMap<string, StepRule> = new Map<string, StepRule>([
  ...(Object.keys(unaryFunctions) as UnaryName[]).flatMap((name): [string, StepRule][] => {
    const { value, gradient } = unaryFunctions[name];
    const parameters = parametersOf(name);
    return [
      [name, { sources: 1, numbers: 0, parameters, compute: ([x], given) => value(x!, given) }],
      [
        `${name}Grad`,
        {
          sources: 2,
          numbers: 0,
          parameters,
          compute: ([dy, at], given) => gradient(dy!, at!, given),
        },
      ],
    ];
  }),
  ...(Object.keys(binaryFunctions) as BinaryName[]).map((name): [string, StepRule] => [
    name,
    { sources: 2, numbers: 1, parameters: [], compute: ([a, b]) => binaryFunctions[name](a!, b!) },
  ]),
  [
    "where",
    {
      sources: 3,
      numbers: 2,
      parameters: [],
      compute: ([condition, a, b]) => (condition !== 0 ? a! : b!),
    },
  ],
]);

/** `mul x0 x1; silu t0; add t1 0.5`: operands are x0, x1 …, results of steps t0, t1 …; the last step's is the result. */
export const formatSteps = (steps: readonly Step[]): string =>
  steps
    .map(({ name, sources, parameters }) =>
      [
        name,
        ...sources.map((source) =>
          source.kind === "number"
            ? String(source.value)
            : `${source.kind === "operand" ? "x" : "t"}${source.index}`,
        ),
        ...rules.get(name)!.parameters.map((key) => String(parameters[key] ?? defaults[key])),
      ].join(" "),
    )
    .join("; ");

/**
 * The steps of a text.
 *
 * @param operands how many there are
 * @throws {ResnetError} `ERR_ATTRIBUTE` if the text has not that form
 */
export function parseSteps(text: string, operands: number): readonly Step[] {
  return text.split("; ").map((line, position) => {
    const [name = "", ...words] = line.split(" ");
    const rule = rules.get(name);
    if (!rule || words.length !== rule.sources + rule.parameters.length) throw badStep(line);
    const sources = words.slice(0, rule.sources).map((word): Source => {
      const [, kind, digits] = /^([xt])(\d+)$/.exec(word) ?? [];
      const index = Number(digits);
      if (kind === "x" && index < operands) return { kind: "operand", index };
      if (kind === "t" && index < position) return { kind: "step", index };
      if (kind !== undefined || Number.isNaN(Number(word))) throw badStep(line);
      return { kind: "number", value: Number(word) };
    });
    const numbers = sources.filter(({ kind }) => kind === "number").length;
    if (numbers > rule.numbers) throw badStep(line);
    const parameters = Object.fromEntries(
      rule.parameters.map((key, i) => [key, Number(words[rule.sources + i])]),
    );
    return { name, sources, parameters };
  });
}

const badStep = (line: string): ResnetError =>
  new ResnetError("ERR_ATTRIBUTE", `elementwise: there is no step "${line}" here`);

/** The result of the steps for one element; each step's is rounded by `round`. */
export function runSteps(
  steps: readonly Step[],
  operands: readonly number[],
  round: (value: number) => number,
): number {
  const results: number[] = [];
  for (const { name, sources, parameters } of steps) {
    const values = sources.map((source) =>
      source.kind === "number"
        ? source.value
        : (source.kind === "operand" ? operands : results)[source.index]!,
    );
    results.push(round(rules.get(name)!.compute(values, parameters)));
  }
  return results.at(-1)!;
}
