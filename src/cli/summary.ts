import { Command } from "commander";
import { createModel, models } from "../models/catalog.js";
import { formatSummary, summarize } from "../report/model-summary.js";
import { imageSize, jsonOption, wholeNumber } from "./options.js";
import { Output } from "./output.js";

interface SummaryFlags {
  readonly input: readonly [number, number, number];
  readonly classes: number;
  readonly json?: boolean;
}

export const summaryCommand = (): Command =>
  new Command("summary")
    .summary("show a model's layers, parameters and multiply-adds")
    .argument("<model>", Object.keys(models).join(", "))
    .option("--input <CxHxW>", "channels, height and width of an image", imageSize, [3, 224, 224])
    .option("--classes <n>", "classes to tell apart", wholeNumber, 1000)
    .addOption(jsonOption())
    .addHelpText("after", "\nExample:\n  resnet summary resnet34 --input 1x28x28 --classes 10")
    .action((name: string, { input, classes, json }: SummaryFlags) => {
      const summary = summarize(name, createModel(name, { classes, channels: input[0] }), input);
      new Output(json ?? false).result(summary, formatSummary(summary));
    });
