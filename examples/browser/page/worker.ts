// Trains in a Worker, so that the page stays responsive.
import {
  Checkpoint,
  checkpointMetadata,
  createExecutor,
  datasetOfArrays,
  findRecipe,
  indexedDbStore,
  parseConfig,
  readSafetensors,
  train,
  writeSafetensors,
  type Callback,
  type Dataset,
  type ModelState,
  type TrainResult,
} from "resnet-ts";
import { kept, type Picture, type Report, type Request } from "./messages.js";

const say = (report: Report): void => postMessage(report);
const store = indexedDbStore();
let stop = new AbortController();

addEventListener("message", ({ data }: MessageEvent<Request>) => {
  if (data.kind === "stop") stop.abort();
  else
    void run(data).catch((error: unknown) =>
      say({ kind: "failed", text: error instanceof Error ? error.message : String(error) }),
    );
});

async function run(request: Request & { readonly kind: "train" }): Promise<void> {
  stop = new AbortController();
  say({ kind: "status", text: "fetching the images" });
  const [trainSize, validSize] = request.images;
  const config = parseConfig({
    ...findRecipe("fashion-resnet34").config,
    model: request.model,
    modelOptions: {},
    trainSize,
    validSize,
    epochs: request.epochs,
    batch: 32,
    optimizer: "adam",
    learningRate: 0.003,
    schedule: "cosine",
    weightDecay: 0,
  });
  const { train: images, valid } = await fetchImages(trainSize, validSize);

  const onNotice = (text: string): void => say({ kind: "notice", text });
  const executor = await createExecutor(request.executor, { onNotice });
  try {
    say({ kind: "status", text: `preparing ${config.model} on ${executor.description}` });
    const weights = request.goesOn ? await keptWeights(config.model) : undefined;
    const result = await train(
      config,
      { train: images, valid, test: valid },
      {
        executor,
        signal: stop.signal,
        callbacks: [reports],
        ...(weights && { weights }),
      },
    );
    if (!result.test) return say({ kind: "stopped" });
    const { model, normalize, precision, data, seed } = config;
    const metadata = checkpointMetadata({
      model,
      normalize,
      precision,
      classes: [...images.classes],
      imageShape: [28, 28, 1],
      data: { name: data, trainSize, validSize, seed },
      epoch: result.epochs.length,
    });
    await store.write(kept, await writeSafetensors(result.weights, metadata));
    say({ kind: "done", accuracy: result.test.accuracy, pictures: picturesOf(valid, result) });
  } finally {
    await executor.close();
  }
}

const reports: Callback = {
  async onStep({ epoch, step, steps, loss, imagesPerSecond }) {
    say({ kind: "step", epoch, step, steps, loss, imagesPerSecond });
    await new Promise((resolve) => setTimeout(resolve)); // takes a message of the page, if there is one
  },
  onEpoch: ({ epoch, validLoss, validAccuracy }) =>
    say({ kind: "epoch", epoch, validLoss, validAccuracy }),
};

/** Images of Fashion-MNIST, drawn as `resnet train` draws them. */
async function fetchImages(
  trainSize: number,
  validSize: number,
): Promise<Record<"train" | "valid", Dataset>> {
  const response = await fetch(`/images.safetensors?train=${trainSize}&valid=${validSize}`);
  if (!response.ok) throw new Error(await response.text());
  const file = readSafetensors(new Uint8Array(await response.arrayBuffer()));
  const classes = JSON.parse(file.metadata.get("classes")!) as string[];
  const part = (name: string): Dataset => {
    const images = file.tensors.get(`${name}.images`)!;
    return datasetOfArrays({
      name: `fashion-mnist ${name}`,
      images: images.data as Uint8Array,
      shape: images.shape as [number, number, number, number],
      labels: file.tensors.get(`${name}.labels`)!.data as Int32Array,
      classes,
    });
  };
  return { train: part("train"), valid: part("valid") };
}

/** The weights that the browser keeps, which must be of this model. */
async function keptWeights(model: string): Promise<ModelState> {
  const bytes = await store.read(kept);
  if (!bytes) throw new Error("this browser keeps no weights");
  const checkpoint = await Checkpoint.open(bytes);
  if (checkpoint.description.model === model) return checkpoint.read();
  throw new Error(`the weights in this browser are of ${checkpoint.description.model}: choose it`);
}

/** The first validation images. */
const picturesOf = ({ images, labels, classes }: Dataset, { test }: TrainResult): Picture[] => {
  const [rows = 0, height = 0, width = 0] = images.shape;
  return Array.from({ length: Math.min(16, rows) }, (_, row) => ({
    pixels: images.data.slice(row * height * width, (row + 1) * height * width),
    width,
    height,
    label: classes[labels.data[row]!]!,
    prediction: classes[test!.predictions[row]!]!,
  }));
};
