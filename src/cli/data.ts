import { Command } from "commander";
import { datasetInfo, listDatasets } from "../data/dataset-info.js";
import { readImageFolder } from "../data/images/image-folder.js";
import { isOnDisk } from "../data/images/is-on-disk.js";
import { folderDocument, formatFolder } from "./folder-info.js";
import { loadData } from "./load-data.js";
import { dataDirOption, jsonOption } from "./options.js";
import { Output } from "./output.js";

interface DataFlags {
  readonly dataDir?: string;
  readonly json?: boolean;
}

export function dataCommand(): Command {
  const command = new Command("data").summary("list, fetch and describe data sets");
  command
    .command("list")
    .summary("the data sets there are")
    .addOption(jsonOption())
    .action(({ json }: DataFlags) => {
      const sets = listDatasets();
      const text = sets.map(({ name, description }) => `${name}   ${description}`).join("\n");
      new Output(json ?? false).result(
        sets.map(({ name, title, description }) => ({ name, title, description })),
        text,
      );
    });
  command
    .command("get")
    .summary("fetch a data set into the cache, and check it")
    .argument("<name>")
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
    .argument("<name>", "a data set's name, or a folder with train/CLASS/*.jpg or CLASS/*.jpg")
    .addOption(jsonOption())
    .action(async (name: string, { json }: DataFlags) => {
      const output = new Output(json ?? false);
      if (isOnDisk(name)) {
        const folder = await readImageFolder(name);
        output.result(folderDocument(name, folder), formatFolder(folder));
      } else {
        const info = datasetInfo(name);
        output.result(info, formatInfo(info));
      }
    });
  return command;
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
    ...info.files.map(({ name, sha256 }) => ["file", `${name}   SHA-256 ${sha256}`]),
  ];
  return rows.map(([name, value]) => `${name!.padEnd(8)} ${value}`).join("\n");
}
