/** What a notebook shows of a value, by MIME type; the front end takes the richest that it knows. */
export type MimeBundle = Readonly<Record<string, string>>;

/** The name of the method by which Deno's Jupyter kernel asks a value how it is shown. */
export const jupyterDisplay: unique symbol = Symbol.for("Jupyter.display");

/** A value that a notebook shows in its own way. */
export interface Displayable {
  [jupyterDisplay](): MimeBundle;
}

/**
 * The same plain object or array, shown in notebooks as text. The method is not enumerable: comparing, copying and JSON
 * do not see it.
 */
export function displayedAs<T extends object>(value: T, format: (value: T) => string): T {
  const show = (): MimeBundle => ({ "text/plain": format(value) });
  Object.defineProperty(value, jupyterDisplay, { value: show, enumerable: false });
  return value;
}
