// Every operation on pixels gives Pillow's bytes, and torchvision's on Pillow's images.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  type AffineInterpolation,
  type AffineMotion,
  affineImage,
  motionMatrix,
  rotationMatrix,
} from "../../../src/data/transforms/affine.js";
import {
  type AugmentSpace,
  augmentOps,
  randAugmentSpace,
  trivialAugmentSpace,
} from "../../../src/data/transforms/rand-augment.js";
import {
  adjustBrightness,
  adjustContrast,
  adjustHue,
  adjustSaturation,
  adjustSharpness,
} from "../../../src/data/transforms/enhance.js";
import {
  type ImageBytes,
  type ImageSize,
  toGrey,
} from "../../../src/data/transforms/image-bytes.js";
import { plainLoops } from "../../../src/data/transforms/pixel-loops.js";
import { assertImage, casesOf, drawImage, guarded, type ExpectedImage } from "./images.js";

interface PillowCase {
  readonly seed: number;
  readonly image: readonly [number, number, number];
  readonly span: readonly [number, number];
  readonly expected: ExpectedImage;
}

interface OperationCase extends PillowCase {
  readonly policy: "randAugment" | "trivialAugmentWide";
  readonly operation: keyof typeof augmentOps;
  readonly step: number;
  readonly sign: number;
  readonly magnitude: number;
  readonly interpolation: AffineInterpolation;
  readonly fill: readonly number[];
}

interface AdjustmentCase extends PillowCase {
  readonly adjust: keyof typeof adjustments;
  readonly amount: number;
}

interface MotionCase extends PillowCase {
  readonly interpolation: AffineInterpolation;
  readonly angle?: number;
  readonly motion?: AffineMotion;
}

const adjustments = {
  hue: adjustHue,
  brightness: adjustBrightness,
  contrast: adjustContrast,
  saturation: adjustSaturation,
  sharpness: adjustSharpness,
};

/** Checks every case, on an image that lies between bytes which must not matter. */
function checkAll<Case extends PillowCase>(
  cases: readonly Case[],
  make: (image: ImageBytes, each: Case) => ImageBytes,
): void {
  assert.ok(cases.length > 0);
  for (const each of cases) {
    const { seed, image, span, expected, ...rest } = each;
    for (const guard of [0, 255]) {
      const given = guarded(drawImage(seed, image, span), guard);
      const before = Uint8Array.from(given.data);
      try {
        assertImage(make(given, each), expected);
      } catch (error) {
        throw new Error(`${image.join(" x ")}: ${JSON.stringify(rest)}`, { cause: error });
      }
      assert.deepEqual(given.data, before, "the given image keeps its bytes");
    }
  }
}

describe("augmentations", () => {
  const cases = casesOf<OperationCase>("operations");
  const spaceOf = ({ policy }: OperationCase, size: ImageSize): AugmentSpace =>
    policy === "randAugment" ? randAugmentSpace(size) : trivialAugmentSpace;

  test("are torchvision's, all of them", () => {
    assert.deepEqual(
      Object.keys(augmentOps)
        .filter((name) => name !== "identity")
        .sort(),
      [...new Set(cases.map(({ operation }) => operation))]
        .filter((name) => name !== "identity")
        .sort(),
    );
  });

  for (const [name, op] of Object.entries(augmentOps)) {
    test(`${name} is torchvision's on a PIL image`, () => {
      checkAll(
        cases.filter(({ operation }) => operation === name),
        (image, each) => {
          const magnitude = "magnitude" in op ? op.magnitude(spaceOf(each, image), each.step) : 0;
          assert.equal(magnitude, each.magnitude);
          return op.apply(image, each.sign * magnitude, each, plainLoops);
        },
      );
    });
  }
});

for (const [name, adjust] of Object.entries(adjustments)) {
  test(`${name} is torchvision's on a PIL image`, () => {
    const cases = casesOf<AdjustmentCase>("adjustments").filter((each) => each.adjust === name);
    checkAll(cases, (image, { amount }) => adjust(image, amount));
  });
}

test("rotations are Pillow's", () => {
  const cases = casesOf<MotionCase>("motions").filter(({ angle }) => angle !== undefined);
  checkAll(cases, (image, { angle, interpolation }) =>
    affineImage(image, rotationMatrix(angle!, image), interpolation, 0),
  );
});

test("affine maps are torchvision's on a PIL image", () => {
  const cases = casesOf<MotionCase>("motions").filter(({ motion }) => motion !== undefined);
  checkAll(cases, (image, { motion, interpolation }) =>
    affineImage(image, motionMatrix(motion!, image), interpolation, 0),
  );
});

test("grey is Pillow's", () => {
  checkAll(casesOf<PillowCase>("grey"), (image) => toGrey(image, 1));
});
