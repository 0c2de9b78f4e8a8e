import { Command } from "commander";
import { formatTransforms } from "../../../data/transforms/transform-text.js";
import { listPretrained } from "../../../pretrained/find-pretrained.js";
import { evaluationTransforms } from "../../../pretrained/preparation.js";
import { jsonOption } from "../options.js";
import { Output } from "../output.js";
import {
  fetchShown,
  formatWeights,
  pretrainedDirOption,
  type PretrainedFlags,
} from "../pretrained.js";

interface ListFlags {
  readonly json?: boolean;
}

export function pretrainedCommand(): Command {
  const command = new Command("pretrained").summary("list and fetch published weights");
  command
    .command("list")
    .summary("published weights: accuracy, size and licence")
    .argument("[model]", "only those of one model, such as resnet50")
    .addOption(jsonOption())
    .addHelpText("after", "\nExample:\n  resnet pretrained list resnet50")
    .action((model: string | undefined, { json }: ListFlags) => {
      const list = listPretrained(model);
      const text =
        list.length > 0 ? formatWeights(list) : `there are no published weights for ${model}`;
      new Output(json ?? false).result(list, text);
    });
  command
    .command("get")
    .summary("fetch weights into the cache, check them, and print their licence")
    .argument("<name>", "a name of the list, or hf:OWNER/NAME[@REVISION]")
    .addOption(pretrainedDirOption())
    .addOption(jsonOption())
    .addHelpText("after", "\nExample:\n  resnet pretrained get resnet50.imagenet1k_v2")
    .action(get);
  return command;
}

async function get(name: string, flags: PretrainedFlags & ListFlags): Promise<void> {
  const output = new Output(flags.json ?? false);
  const { file, weights } = await fetchShown(name, flags, output);
  const transforms = evaluationTransforms(weights);
  const { mean, std } = weights;
  output.result(
    { ...weights, file, transforms },
    `${file}: pictures: ${formatTransforms(transforms)}, mean ${mean.join(",")}, deviation ${std.join(",")}`,
  );
}
