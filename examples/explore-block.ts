// A residual block on its own: its output for random images, and every shape on the way.
import { BasicBlock, forward, hostArray, normal, outputShapes, randomKey } from "resnet-ts";

const block = new BasicBlock(64, 128, 2);
const key = randomKey(1, "images");
const images = hostArray(
  [2, 64, 56, 56],
  Float32Array.from({ length: 2 * 64 * 56 * 56 }, (_, i) => normal(key, i)),
);

const y = await forward(block, images); // [2, 128, 28, 28]
console.log(
  `output ${y.shape.join(" x ")}, first values ${Array.from(y.data.slice(0, 4), (v) => v.toFixed(3)).join(" ")}`,
);

for (const { name, type, output } of outputShapes(block, [64, 56, 56])) {
  console.log(`${type.padEnd(12)} ${name.padEnd(13)} ${output.join(" x ")}`);
}
