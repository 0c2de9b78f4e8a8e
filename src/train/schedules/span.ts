import { z } from "zod";

/**
 * A length of time in a training: a number of epochs, which need not be whole, or a share of the whole training, such as `"10%"`,
 * which grows and shrinks with its epochs.
 */
export type Span = number | `${number}%`;

/** The number of epochs that a span has in a training of `epochs`. */
export const epochsIn = (span: Span, epochs: number): number =>
  typeof span === "number" ? span : (Number(span.slice(0, -1)) / 100) * epochs;

/** The schema of a span. @param least `above 0`, or `0` if a span may be empty */
export function spanSchema(least: "0" | "above 0"): z.ZodType<Span, Span> {
  const isEnough = (value: number): boolean => (least === "0" ? value >= 0 : value > 0);
  const bound = least === "0" ? "0 or more" : "more than 0";
  const message = `expected ${bound}: a number of epochs, or a share of the training up to "100%"`;
  return z.union(
    [
      z.number().refine(isEnough, message),
      z.templateLiteral([z.number(), "%"]).refine((share) => {
        const percent = epochsIn(share, 100);
        return isEnough(percent) && percent <= 100;
      }, message),
    ],
    message,
  );
}
