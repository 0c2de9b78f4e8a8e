import { Command } from "commander";
import { datasetInfo, listDatasets } from "../../../data/dataset-info.js";
import type { DatasetForm } from "../../../data/catalog/dataset-entry.js";
import {
  describeFindings,
  describeUnusedBits,
  findUnopenable,
} from "../../data/images/scan-files.js";
import { isOnDisk, readImagesOnDisk } from "../../data/images/images-on-disk.js";
import { formatDigest } from "../../data/sources/verify-file.js";
import { folderDocument, formatFolder } from "../class-counts.js";
import { loadData } from "../load-data.js";
import { dataDirOption, jsonOption } from "../options.js";
import { Output } from "../output.js";
import { previewCommand } from "./preview.js";

interface DataFlags {
  readonly dataDir?: string;
  readonly json?: boolean;
}

export function dataCommand(): Command {
  const command = new Command("data").summary("list, fetch, describe and preview data sets");
  command
    .command("list")
    .summary("the data sets there are")
    .addOption(jsonOption())
    .action(({ json }: DataFlags) => {
      const sets = listDatasets();
      const width = Math.max(...sets.map(({ name }) => name.length));
      const text = sets
        .map(({ name, description }) => `${name.padEnd(width)}   ${description}`)
        .join("\n");
      new Output(json ?? false).result(
        sets.map(({ name, title, description }) => ({ name, title, description })),
        text,
      );
    });
  command
    .command("get")
    .summary("fetch a data set into the cache, and check it")
    .argument("<name>", "one of those of `resnet data list`")
    .addOption(dataDirOption())
    .addOption(jsonOption())
    .action(async (name: string, { dataDir, json }: DataFlags) => {
      const output = new Output(json ?? false);
      const { train, test } = await loadData(name, dataDir, output);
      const [trainRows, testRows] = [train.labels.data.length, test.labels.data.length];
      output.result(
        { name, train: trainRows, test: testRows },
        `${name} is here: ${trainRows} training and ${testRows} test images`,
      );
    });
  command
    .command("info")
    .summary(
      "where a data set comes from, its classes, licence and checksums; of a folder, images of each class",
    )
    .argument(
      "<name>",
      "a data set's name, a folder with train/CLASS/*.jpg or CLASS/*.jpg, or a .csv or .tsv of paths and labels",
    )
    .addOption(jsonOption())
    .action(async (name: string, { json }: DataFlags) => {
      const output = new Output(json ?? false);
      if (isOnDisk(name)) {
        const folder = await readImagesOnDisk(name);
        await noticeFaults(
          [folder.train, folder.valid, folder.test].flatMap((part) => part?.files ?? []),
          output,
        );
        output.result(folderDocument(name, folder), formatFolder(folder));
      } else {
        const info = datasetInfo(name);
        output.result(info, formatInfo(info));
      }
    });
  command.addCommand(previewCommand());
  return command;
}

/** Tells what a training would say of the files before its first step. */
async function noticeFaults(files: readonly string[], output: Output): Promise<void> {
  const findings = findUnopenable(files);
  if (findings.length > 0) output.notice(describeFindings(findings, "cannot be read"));
  const unusedBits = await describeUnusedBits(files);
  if (unusedBits) output.notice(unusedBits);
}

/** Rows for a form: its archive, and each file. */
function formatForm({ name, files, archive }: DatasetForm): string[][] {
  const rows = files.map(({ name: file, bytes, digest, gzipDigest }) => {
    if (digest) return ["file", `${file}   ${formatDigest(digest)}`];
    return [
      "file",
      `${file}   ${gzipDigest ? `.gz: ${formatDigest(gzipDigest)}` : `${bytes} bytes`}`,
    ];
  });
  if (archive) rows.unshift(["archive", `${archive.name}   ${formatDigest(archive.digest)}`]);
  return [["form", name], ...rows];
}

function formatInfo(info: ReturnType<typeof datasetInfo>): string {
  const rows = [
    ["name", info.title],
    ["what", info.description],
    [
      "images",
      `${info.trainRows} training, ${info.testRows} test, ${info.imageShape.join(" x ")} (H W C)`,
    ],
    ["classes", info.classes.join(", ")],
    ["licence", info.licence],
    ["from", info.homepage],
    ...info.forms.flatMap(formatForm),
  ];
  return rows.map(([name, value]) => `${name!.padEnd(8)} ${value}`).join("\n");
}
