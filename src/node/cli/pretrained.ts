import { Option } from "commander";
import type { PretrainedWeights } from "../../pretrained/pretrained-weights.js";
import { printable } from "../../tensor/printable.js";
import { fetchPretrained, type PretrainedFile } from "../pretrained/pretrained.js";
import { showingDownloads } from "./load-data.js";
import type { Output } from "./output.js";

export interface PretrainedFlags {
  readonly pretrained?: string;
  readonly pretrainedDir?: string;
}

export const pretrainedOption = (): Option =>
  new Option(
    "--pretrained <name>",
    "published weights, one of resnet pretrained list, or hf:OWNER/NAME[@REVISION] of the Hugging Face Hub",
  );

export const pretrainedDirOption = (): Option =>
  new Option(
    "--pretrained-dir <dir>",
    "directory with the files of published weights, for a machine without a network; nothing is fetched",
  );

/** Fetches published weights, with a progress bar, and tells what they are and under which licence. */
export async function fetchShown(
  name: string,
  { pretrainedDir }: PretrainedFlags,
  output: Output,
): Promise<PretrainedFile> {
  const found = await showingDownloads(output, (shown) =>
    fetchPretrained(name, { pretrainedDir, ...shown }),
  );
  output.notice(describeWeights(found.weights));
  return found;
}

/** What the source does not state. */
const notPublished = "not published";

/** `resnet18.a1_in1k: resnet18 of timm, ImageNet-1K top-1 71.504 %, licence apache-2.0`. */
export function describeWeights(weights: PretrainedWeights): string {
  const { name, model, source, data, top1, licence } = weights;
  const from = source === "hub" ? "the Hugging Face Hub" : source;
  const accuracy = top1 === null ? "" : `, ${data} top-1 ${top1} %`;
  const words = licence === null ? `licence ${notPublished}` : `licence ${printable(licence)}`;
  return `${name}: ${model} of ${from}${accuracy}, ${words}`;
}

/** A table of weights, in columns. */
export function formatWeights(list: readonly PretrainedWeights[]): string {
  const known = (value: number | null, digits: number): string =>
    value === null ? notPublished : value.toFixed(digits);
  const rows = list.map(({ name, data, top1, top5, mebibytes, image, licence }) => [
    name,
    data ?? notPublished,
    known(top1, 2),
    known(top5, 2),
    known(mebibytes, 1),
    image.join("x"),
    licence ?? notPublished,
  ]);
  const all = [["name", "data", "top-1 %", "top-5 %", "MiB", "image", "licence"], ...rows];
  const widths = all[0]!.map((_, i) => Math.max(...all.map((row) => row[i]!.length)));
  return all
    .map((row) =>
      row
        .map((cell, i) => cell.padEnd(widths[i]!))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}
