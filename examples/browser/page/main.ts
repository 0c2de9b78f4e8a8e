// The page: controls, the curve of the loss, and the weights that the browser keeps. The work is in worker.ts.
import { hasIndexedDb, indexedDbStore, lineChart } from "resnet-ts";
import { kept, type Picture, type Report, type Request } from "./messages.js";

const find = <E extends HTMLElement>(id: string): E => document.getElementById(id) as E;
const form = find<HTMLFormElement>("controls");
const start = find<HTMLButtonElement>("start");
const stop = find<HTMLButtonElement>("stop");
const store = indexedDbStore();

const worker = new Worker("worker.js", { type: "module" });
const ask = (request: Request): void => worker.postMessage(request);

/** Losses by epoch, where a step is a fraction of one. */
let trainLosses: [epoch: number, loss: number][] = [];
let validLosses: [epoch: number, loss: number][] = [];
let epochs = 1;

form.addEventListener("submit", (event) => {
  event.preventDefault();
  const given = new FormData(form);
  const textOf = (name: string): string => given.get(name) as string;
  const numberOf = (name: string): number => Number(textOf(name));
  [trainLosses, validLosses, epochs] = [[], [], numberOf("epochs")];
  for (const id of ["notice", "pictures", "accuracy"]) find(id).replaceChildren();
  drawLosses();
  setBusy(true);
  ask({
    kind: "train",
    executor: textOf("executor"),
    model: textOf("model"),
    epochs,
    images: [numberOf("train"), numberOf("valid")],
    goesOn: given.has("goesOn"),
  });
});
stop.addEventListener("click", () => ask({ kind: "stop" }));
worker.addEventListener("message", ({ data }: MessageEvent<Report>) => void show(data));
worker.addEventListener("error", ({ message }) => void show({ kind: "failed", text: message }));

async function show(report: Report): Promise<void> {
  switch (report.kind) {
    case "status":
      return say(report.text);
    case "notice":
      find("notice").textContent = report.text;
      return;
    case "step": {
      const { epoch, step, steps, loss, imagesPerSecond } = report;
      trainLosses.push([epoch - 1 + step / steps, loss]);
      drawLosses();
      const rate = imagesPerSecond.toFixed(imagesPerSecond < 10 ? 1 : 0);
      say(`epoch ${epoch} of ${epochs}, step ${step} of ${steps}: ${rate} images/s`);
      return;
    }
    case "epoch":
      validLosses.push([report.epoch, report.validLoss]);
      drawLosses();
      showAccuracy(report.validAccuracy);
      return;
    case "done":
      showAccuracy(report.accuracy);
      find("pictures").replaceChildren(...report.pictures.map(figureOf));
      await showKept();
      say("done: this browser keeps the weights");
      return setBusy(false);
    case "stopped":
      say("stopped");
      return setBusy(false);
    case "failed":
      say(`failed: ${report.text}`);
      return setBusy(false);
  }
}

function say(text: string): void {
  find("status").textContent = text;
}

function showAccuracy(accuracy: number): void {
  const percent = (100 * accuracy).toFixed(1);
  find("accuracy").textContent = `${percent} % of the validation images are right`;
  find("accuracy").dataset["value"] = String(accuracy);
}

function setBusy(isBusy: boolean): void {
  document.body.dataset["busy"] = String(isBusy);
  start.disabled = isBusy;
  stop.disabled = !isBusy;
}

function drawLosses(): void {
  find("chart").innerHTML = lineChart({
    title: "Loss",
    shape: innerWidth < 768 ? "square" : "wide",
    x: { name: "epoch", from: 0, to: epochs },
    y: { name: "cross-entropy in nats", from: 0 },
    curves: [
      { name: "training", colour: "#2a6fb0", points: trainLosses },
      { name: "validation", colour: "#c2571a", points: validLosses },
    ],
  }).svg;
}

function figureOf({ pixels, width, height, label, prediction }: Picture): HTMLElement {
  const canvas = Object.assign(document.createElement("canvas"), { width, height });
  const colours = Uint8ClampedArray.from({ length: 4 * pixels.length }, (_, i) =>
    i % 4 === 3 ? 255 : 255 - pixels[i >> 2]!,
  );
  canvas.getContext("2d")!.putImageData(new ImageData(colours, width, height), 0, 0);
  const caption = document.createElement("figcaption");
  caption.textContent = prediction;
  const figure = document.createElement("figure");
  figure.className = label === prediction ? "right" : "wrong";
  figure.title = label === prediction ? label : `${label}, taken for ${prediction}`;
  figure.append(canvas, caption);
  return figure;
}

/** Shows what the browser keeps. */
async function showKept(): Promise<void> {
  const bytes = hasIndexedDb() ? await store.read(kept) : undefined;
  find("kept").hidden = bytes === undefined;
  const goesOn = form.elements.namedItem("goesOn") as HTMLInputElement;
  goesOn.disabled = bytes === undefined;
  if (!bytes) goesOn.checked = false;
  const size = ((bytes?.length ?? 0) / 2 ** 20).toFixed(1);
  find("kept-size").textContent = `${size} MiB of weights are kept in this browser.`;
}

async function download(): Promise<void> {
  const bytes = await store.read(kept);
  if (!bytes) return;
  const url = URL.createObjectURL(new Blob([bytes.slice()]));
  Object.assign(document.createElement("a"), { href: url, download: kept }).click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

async function forget(): Promise<void> {
  await store.remove(kept);
  await showKept();
}

find("download").addEventListener("click", () => void download());
find("forget").addEventListener("click", () => void forget());

drawLosses();
setBusy(false);
await showKept();
