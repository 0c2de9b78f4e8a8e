import { Command, Option } from "commander";

/** A command as the list of commands shows it, and its module, which is loaded when the command is used. */
interface CommandEntry {
  readonly summary: string;
  readonly arguments?: string;
  /** Whether it has options of its own. Default true. */
  readonly hasOptions?: boolean;
  readonly load: () => Promise<Command>;
}

/** Every command of `resnet` by name, in the order of the list. */
export const commands: Readonly<Record<string, CommandEntry>> = {
  train: {
    summary: "train a model, test it, and write a run directory",
    arguments: "[recipe]",
    load: async () => (await import("./commands/train.js")).trainCommand(),
  },
  "lr-find": {
    summary: "find a learning rate by trying many",
    arguments: "[recipe]",
    load: async () => (await import("./commands/lr-find.js")).lrFindCommand(),
  },
  eval: {
    summary: "test a checkpoint on a data set",
    arguments: "[checkpoint]",
    load: async () => (await import("./commands/eval.js")).evalCommand(),
  },
  predict: {
    summary: "say what is in pictures",
    arguments: "[checkpoint] [images...]",
    load: async () => (await import("./commands/predict.js")).predictCommand(),
  },
  explain: {
    summary: "draw where in a picture the model sees a class (Grad-CAM)",
    arguments: "[checkpoint] [image]",
    load: async () => (await import("./commands/explain.js")).explainCommand(),
  },
  features: {
    summary: "write what a layer makes of pictures",
    arguments: "[checkpoint] [images...]",
    load: async () => (await import("./commands/features.js")).featuresCommand(),
  },
  similar: {
    summary: "find the pictures that are most like one",
    arguments: "[checkpoint] [image]",
    load: async () => (await import("./commands/similar.js")).similarCommand(),
  },
  import: {
    summary: "make a checkpoint of PyTorch's weights or of safetensors",
    arguments: "[file]",
    load: async () => (await import("./commands/import.js")).importCommand(),
  },
  export: {
    summary: "write a checkpoint as ONNX, for PyTorch, or as plain safetensors",
    arguments: "[checkpoint]",
    load: async () => (await import("./commands/export.js")).exportCommand(),
  },
  summary: {
    summary: "show a model's layers, parameters, multiply-adds and memory",
    arguments: "[model]",
    load: async () => (await import("./commands/summary.js")).summaryCommand(),
  },
  pretrained: {
    summary: "list and fetch published weights",
    hasOptions: false,
    load: async () => (await import("./commands/pretrained.js")).pretrainedCommand(),
  },
  data: {
    summary: "list, fetch, describe and preview data sets",
    hasOptions: false,
    load: async () => (await import("./commands/data.js")).dataCommand(),
  },
  bench: {
    summary: "measure training and inference, also beside others'",
    load: async () => (await import("./commands/bench.js")).benchCommand(),
  },
  recipes: {
    summary: "list the named training set-ups, their source and expected result",
    arguments: "[recipe]",
    load: async () => (await import("./commands/recipes.js")).recipesCommand(),
  },
  doctor: {
    summary: "show what this machine offers: executor, instruction sets, threads, data",
    load: async () => (await import("./commands/doctor.js")).doctorCommand(),
  },
};

/** A command that can be listed, and cannot be run. */
export function listed(name: string, entry: CommandEntry): Command {
  const command = new Command(name).summary(entry.summary);
  if (entry.arguments) command.arguments(entry.arguments);
  if (entry.hasOptions ?? true) command.addOption(new Option("--options").hideHelp());
  return command;
}

/**
 * The commands that a command line needs: the one that it names, loaded; the others listed.
 *
 * @param words of the command line, without `node` and `resnet`
 */
export function commandsFor(words: readonly string[]): Promise<Command[]> {
  const plain = words.filter((word) => !word.startsWith("-"));
  const used = plain[0] === "help" ? plain[1] : plain[0];
  return Promise.all(
    Object.entries(commands).map(async ([name, entry]) =>
      name === used ? entry.load() : listed(name, entry),
    ),
  );
}
