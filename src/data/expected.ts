import { z } from "zod";
import { didYouMean } from "../tensor/did-you-mean.js";

/** Words zod's findings as the project's other errors: what a field takes, in terms of the options that users write. */
export const expected: z.core.$ZodErrorMap = (issue) => {
  switch (issue.code) {
    case "invalid_type":
      return `expected ${nouns[issue.expected] ?? issue.expected}`;
    case "invalid_value":
      return `expected ${choiceOf(issue.values)}`;
    case "too_small":
      return `expected ${bounded(issue.origin, issue.minimum, issue.inclusive ? "at least" : "more than")}`;
    case "too_big":
      return `expected ${bounded(issue.origin, issue.maximum, issue.inclusive ? "at most" : "less than")}`;
    case "unrecognized_keys":
      return `there is no field ${choiceOf(issue.keys)}${likelyFields(issue)}`;
    case "invalid_union":
      return Array.isArray(issue.options)
        ? `expected ${choiceOf(issue.options)}`
        : eitherOf(issue.errors);
    case "custom":
    case "invalid_element":
    case "invalid_format":
    case "invalid_key":
    case "not_multiple_of":
      return undefined; // zod's, or the schema's own
  }
};

/** A hint at the field that a single unknown key may have meant; "" if there is none. */
function likelyFields({
  keys,
  inst,
}: z.core.$ZodRawIssue<z.core.$ZodIssueUnrecognizedKeys>): string {
  const [key, ...others] = keys;
  if (key === undefined || others.length > 0 || !(inst instanceof z.ZodObject)) return "";
  return didYouMean(key, Object.keys(inst.shape));
}

const nouns: Readonly<Record<string, string>> = {
  int: "a whole number",
  number: "a number",
  string: "a text",
  boolean: "true or false",
  null: "null",
  array: "a list",
  tuple: "a list",
  object: "an object",
  record: "an object",
};

/** "a number of at least 1", "a list of at least 2 entries". */
function bounded(origin: string, bound: unknown, side: string): string {
  const unit = { array: " entries", string: " characters" }[origin] ?? "";
  return `${nouns[origin] ?? origin} of ${side} ${String(bound)}${unit}`;
}

/** The forms that a value may have; if one of them matches except for an entry, the finding on that entry. */
function eitherOf(forms: readonly (readonly z.core.$ZodIssue[])[]): string | undefined {
  const firsts = forms.flatMap(([first]) => first ?? []);
  const within = firsts.find(({ path }) => path.length > 0);
  if (within) return `its entry ${within.path.join(".")}: ${within.message}`;
  const messages = [...new Set(firsts.map(({ message }) => message))];
  return messages.length > 0
    ? messages.join(" or ").replaceAll(" or expected ", " or ")
    : undefined;
}

const choiceOf = (values: readonly unknown[]): string => {
  const shown = values.map((value) => JSON.stringify(value));
  return shown.length < 2 ? shown.join() : `${shown.slice(0, -1).join(", ")} or ${shown.at(-1)}`;
};
