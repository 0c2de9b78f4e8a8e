export type AttrValue = number | string | boolean | readonly number[];

/** An op's constants: stride, padding, eps. Plain data, so that graphs and programs print and save. */
export type Attrs = Readonly<Record<string, AttrValue>>;

/** `stride=2 padding=1 imageSize=[8, 8]`, in order of definition. */
export const formatAttrs = (attrs: Attrs): string =>
  Object.entries(attrs)
    .map(
      ([name, value]) =>
        `${name}=${Array.isArray(value) ? `[${value.join(", ")}]` : String(value)}`,
    )
    .join(" ");
