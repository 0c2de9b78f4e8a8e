import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { BasicBlock } from "../../src/models/blocks.js";
import {
  classificationReport,
  formatClassificationReport,
} from "../../src/report/classification-report.js";
import { confusionMatrix } from "../../src/report/confusion-matrix.js";
import { Figure } from "../../src/report/figure.js";
import { liveChart } from "../../src/report/live-chart.js";
import { isNotebook, LiveDisplay } from "../../src/report/live-display.js";
import { formatSummary, summarize } from "../../src/report/model-summary.js";
import { jupyterDisplay, type MimeBundle } from "../../src/tensor/jupyter.js";
import { hostArray } from "../../src/tensor/host-array.js";
import { parseConfig } from "../../src/train/config/config.js";
import { findRecipe } from "../../src/train/recipes.js";
import { train } from "../../src/train/train.js";
import { cifarResnet } from "../../src/models/cifar-resnet.js";
import { texts } from "../helpers/svg.js";

interface Message {
  readonly type: string;
  readonly data: MimeBundle;
  readonly id: string;
}

/** A kernel's messages. */
function kernel() {
  const messages: Message[] = [];
  const broadcast = async (type: string, content: Readonly<Record<string, unknown>>) => {
    const { data, transient } = content as { data: MimeBundle; transient: { display_id: string } };
    messages.push({ type, data, id: transient.display_id });
  };
  return { messages, broadcast };
}

const shown = (value: object): unknown =>
  (value as { [jupyterDisplay](): MimeBundle })[jupyterDisplay]();

describe("Jupyter.display", () => {
  test("is the method by which Deno's kernel asks", () => {
    assert.equal(jupyterDisplay, Symbol.for("Jupyter.display"));
  });

  test("shows figures as SVG", () => {
    assert.deepEqual(shown(new Figure("<svg/>")), { "image/svg+xml": "<svg/>" });
  });

  test("shows modules, summaries, reports and matrices as the text that they are printed as", () => {
    const block = new BasicBlock(4, 4);
    assert.deepEqual(shown(block), { "text/plain": String(block) });
    const summary = summarize("block", block, [4, 8, 8]);
    assert.deepEqual(shown(summary), { "text/plain": formatSummary(summary) });
    const matrix = confusionMatrix([0, 1, 1], [0, 0, 1], 2);
    assert.deepEqual(shown(matrix), {
      "text/plain": "true\\predicted  0  1\n0               1  .\n1               1  1",
    });
    const report = classificationReport(matrix, ["ant", "bee"]);
    assert.deepEqual(shown(report), { "text/plain": formatClassificationReport(report) });
  });

  test("leaves plain values plain: neither JSON nor copies have it", () => {
    const matrix = confusionMatrix([0, 1], [0, 1], 2);
    assert.equal(JSON.stringify(matrix), "[[1,0],[0,1]]");
    assert.deepEqual(Reflect.ownKeys({ ...summarize("b", new BasicBlock(4, 4), [4, 8, 8]) }), [
      "model",
      "input",
      "layers",
      "parameters",
      "multiplyAdds",
    ]);
  });
});

describe("LiveDisplay", () => {
  test("shows the first value in a new place and the next ones in the same", async () => {
    const { messages, broadcast } = kernel();
    const live = new LiveDisplay(broadcast);
    await live.show(new Figure("<svg>1</svg>"));
    await live.show({ "text/plain": "2" });
    await new LiveDisplay(broadcast).show({ "text/plain": "3" });
    const [first, second, other] = messages;
    assert.deepEqual(
      [first!.type, second!.type, other!.type],
      ["display_data", "update_display_data", "display_data"],
    );
    assert.deepEqual(first!.data, { "image/svg+xml": "<svg>1</svg>" });
    assert.deepEqual(second!.data, { "text/plain": "2" });
    assert.equal(second!.id, first!.id);
    assert.notEqual(other!.id, first!.id);
  });

  test("takes Deno's kernel where there is one, and says where there is none", async () => {
    assert.equal(isNotebook(), false);
    assert.throws(() => new LiveDisplay(), {
      code: "ERR_NOTEBOOK",
      message:
        "LiveDisplay: this is no cell of a notebook in Deno's Jupyter kernel: open it there, or pass a function that " +
        "sends Jupyter's messages",
    });
    const { messages, broadcast } = kernel();
    Object.assign(globalThis, { Deno: { jupyter: { broadcast } } });
    try {
      assert.equal(isNotebook(), true);
      await new LiveDisplay().show({ "text/plain": "1" });
    } finally {
      Reflect.deleteProperty(globalThis, "Deno");
    }
    assert.equal(messages.length, 1);
  });
});

test("liveChart draws a training in one place, with its progress below the title", async () => {
  const { messages, broadcast } = kernel();
  const images = hostArray([8, 8, 8, 1], new Uint8Array(512).fill(9), "u8");
  const labels = hostArray(
    [8],
    Int32Array.from({ length: 8 }, (_, i) => i % 2),
    "i32",
  );
  const data = { name: "greys", images, labels, classes: ["a", "b"] };
  const config = parseConfig({
    ...findRecipe("degradation").config,
    model: "cifar-resnet20",
    data: "greys",
    epochs: 2,
    batch: 4,
    transforms: { train: [], eval: [] },
    normalize: { mean: [0], std: [1] },
  });
  await train(
    config,
    { train: data, valid: data, test: data },
    {
      model: cifarResnet(20, { channels: 1, classes: 2, width: 4 }),
      callbacks: [liveChart({ everyMs: 0, display: new LiveDisplay(broadcast) })],
    },
  );
  assert.equal(new Set(messages.map(({ id }) => id)).size, 1);
  const svgs = messages.map(({ data }) => data["image/svg+xml"]!);
  assert.equal(svgs.length, 4 + 2 + 1); // steps, epochs, test
  assert.match(texts(svgs[2]!).join("\n"), /^epoch 1 of 2$/m);
  assert.match(
    texts(svgs[3]!).join("\n"),
    /^epoch 2 of 2, step 1 of 2; loss [\d.]+; [\d,]+ images a second$/m,
  );
  assert.match(texts(svgs.at(-1)!).join("\n"), /^test accuracy 50\.00 %$/m);
  assert.ok(texts(svgs[0]!).includes("cifar-resnet20 on greys"));
});
