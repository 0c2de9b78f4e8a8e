import path from "node:path";
import { Command, Option } from "commander";
import { UsageError } from "../../../tensor/error.js";
import { replaceFile } from "../../files/replace-file.js";
import { openPlace, placeAndWords } from "../checkpoint-of.js";
import {
  exportChunks,
  exportFormats,
  type ExportOptions,
} from "../../../checkpoint/export-model.js";
import { networkOf } from "../own-network.js";
import { jsonOption, ownModelOption } from "../options.js";
import { Output } from "../output.js";
import { pretrainedDirOption, pretrainedOption, type PretrainedFlags } from "../pretrained.js";
import { requireOther } from "../output-file.js";
import { writeOutput } from "../../files/write-output.js";

type Format = ExportOptions["format"];

const formatOfExtension: ReadonlyMap<string, Format> = new Map([
  [".onnx", "onnx"],
  [".pt", "pytorch"],
  [".pth", "pytorch"],
  [".safetensors", "safetensors"],
]);

interface ExportFlags extends PretrainedFlags {
  readonly format?: Format;
  readonly out: string;
  readonly fold: boolean;
  readonly json?: boolean;
  readonly model?: string;
}

export const exportCommand = (): Command =>
  new Command("export")
    .summary("write a checkpoint as ONNX, for PyTorch, or as plain safetensors")
    .description(
      "Writes the model of a checkpoint in the format of other programs: a network as ONNX, or a state_dict for " +
        "PyTorch, as torch.save writes it or as safetensors.",
    )
    .argument(
      "[checkpoint]",
      "a run's directory, its last.safetensors or best.safetensors, or an imported file; not with --pretrained",
    )
    .addOption(pretrainedOption())
    .addOption(pretrainedDirOption())
    .addOption(
      new Option(
        "--format <name>",
        "what to write (default: as the name of the file ends: .onnx, .pt, .pth or .safetensors)",
      ).choices(exportFormats),
    )
    .requiredOption("--out <file>", "the file to write")
    .addOption(ownModelOption())
    .option("--no-fold", "ONNX: keep batch norms apart from their convolutions")
    .addOption(jsonOption())
    .addHelpText(
      "after",
      "\nExample:\n  resnet export runs/first/best.safetensors --out model.onnx",
    )
    .action(exportCheckpoint);

async function exportCheckpoint(
  file: string | undefined,
  { format: wanted, out, fold, json, model: module, ...flags }: ExportFlags,
): Promise<void> {
  const { place } = placeAndWords([file], flags, ["checkpoint"]);
  const format = formatOf(out, wanted);
  const output = new Output(json ?? false);
  const checkpoint = await openPlace(place, flags, output);
  try {
    await requireOther(out, [checkpoint.file]);
    const { description } = checkpoint;
    const model = await networkOf(checkpoint.file, description, module, output);
    const options = { format, fold, ...(model && { model }) };
    const chunks = exportChunks(description, await checkpoint.tensors(), options);
    let bytes = 0;
    await writeOutput(out, () =>
      replaceFile(out, async (handle) => {
        for await (const chunk of chunks) {
          await handle.writeFile(chunk);
          bytes += chunk.length;
        }
      }),
    );
    output.result(
      { file: out, format, model: description.model, bytes },
      `${out}: ${description.model} as ${format}, ${bytes} bytes`,
    );
  } finally {
    await checkpoint.close();
  }
}

/**
 * The format of a file to write.
 *
 * @param wanted the format that `--format` names
 * @throws {ResnetError} `ERR_CONFIG` if neither the name nor `--format` says the format, or if they differ
 */
function formatOf(file: string, wanted?: Format): Format {
  const format = formatOfExtension.get(path.extname(file).toLowerCase());
  if (wanted !== undefined && format !== undefined && wanted !== format) {
    throw new UsageError(
      "ERR_CONFIG",
      `${file} is the name of a file in the format ${format}, and --format says ${wanted}: change one of them`,
    );
  }
  const chosen = wanted ?? format;
  if (chosen !== undefined) return chosen;
  throw new UsageError(
    "ERR_CONFIG",
    `${file}: end the name in .onnx, .pt, .pth or .safetensors, or give --format ${exportFormats.join(", ")}`,
  );
}
