/** How other libraries name the weights of a ResNet, in torchvision's names. timm's are the same as torchvision's. */

/** What wrappers of a model put before every name: DataParallel, torch.compile, and a field of that name. */
const prefixes = ["module.", "_orig_mod.", "model."];

/** A pattern of Hugging Face's names, and torchvision's for it; `$1 + 1` where Hugging Face counts from 0. */
const huggingFace: readonly (readonly [RegExp, (match: readonly string[]) => string])[] = [
  [/^embedder\.embedder\.convolution\.(.+)$/, ([, leaf]) => `conv1.${leaf}`],
  [/^embedder\.embedder\.normalization\.(.+)$/, ([, leaf]) => `bn1.${leaf}`],
  [
    /^encoder\.stages\.(\d+)\.layers\.(\d+)\.layer\.(\d+)\.(convolution|normalization)\.(.+)$/,
    ([, stage, block, layer, kind, leaf]) =>
      `layer${Number(stage) + 1}.${block}.${kind === "convolution" ? "conv" : "bn"}${Number(layer) + 1}.${leaf}`,
  ],
  [
    /^encoder\.stages\.(\d+)\.layers\.(\d+)\.shortcut\.(convolution|normalization)\.(.+)$/,
    ([, stage, block, kind, leaf]) =>
      `layer${Number(stage) + 1}.${block}.downsample.${kind === "convolution" ? 0 : 1}.${leaf}`,
  ],
  [/^classifier\.1\.(.+)$/, ([, leaf]) => `fc.${leaf}`],
];

/**
 * The name that a weight has in this package, by the name in a file: without the prefixes that all names of
 * the file share, and torchvision's where the file has Hugging Face's.
 */
export function nameInModel(names: Iterable<string>): ReadonlyMap<string, string> {
  const all = [...names];
  let shared = "";
  for (;;) {
    const prefix = prefixes.find((each) => all.every((name) => name.startsWith(shared + each)));
    if (prefix === undefined || all.length === 0) break;
    shared += prefix;
  }
  const bare = all.map((name) => name.slice(shared.length));
  const isHuggingFace = bare.some((name) => /^(resnet\.)?embedder\.embedder\./.test(name));
  return new Map(
    all.map((name, i) => [name, isHuggingFace ? torchvisionName(bare[i]!) : bare[i]!]),
  );
}

function torchvisionName(name: string): string {
  const bare = name.replace(/^resnet\./, "");
  for (const [pattern, rename] of huggingFace) {
    const match = pattern.exec(bare);
    if (match) return rename(match);
  }
  return name;
}
