import assert from "node:assert/strict";
import { test } from "node:test";
import sharp from "sharp";
import { gradCamPicture } from "../../src/node/report/grad-cam-picture.js";
import { texts } from "../helpers/svg.js";

const cam = {
  picture: { height: 2, width: 4, channels: 1, data: new Uint8Array(8).fill(100) },
  layer: "layer4",
  of: { label: "bee", index: 1, probability: 0.934 },
  height: 1,
  width: 2,
  heat: Float32Array.of(0, 1),
};

test("Grad-CAM is drawn beside its picture, with class, probability, layer and the ends of the colours", async () => {
  const { svg } = await gradCamPicture(cam, "resnet18");
  const words = ["bee, 93 %", "Grad-CAM at resnet18, layer4", "most", "none"];
  for (const text of words) assert.ok(texts(svg).includes(text), text);

  const images = [...svg.matchAll(/<image x="([\d.]+)" y="([\d.]+)" [^>]*base64,([^"]*)"/g)];
  assert.equal(images.length, 2);
  assert.equal(images[0]![2], images[1]![2]);
  const pixels = images.map(([, , , base64]) =>
    sharp(Buffer.from(base64!, "base64")).raw().toBuffer({ resolveWithObject: true }),
  );
  const [plain, heated] = await Promise.all(pixels);
  assert.deepEqual([plain!.info.width, plain!.info.height], [448, 224]); // 112 times 4 x 2
  assert.equal(plain!.data[0], 100);
  const pixel = (x: number): number[] => [...heated!.data.subarray(3 * x, 3 * x + 3)];
  // A quarter of dark blue (13, 8, 135) where there is no evidence, 0.7 of yellow (240, 249, 33) where there is most.
  assert.deepEqual(pixel(0), [78, 77, 109]);
  assert.deepEqual(pixel(447), [198, 204, 53]);
});
