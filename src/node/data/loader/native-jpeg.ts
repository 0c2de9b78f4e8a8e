import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { addonFiles } from "../../native/load-addon.js";
import type { ImageChannels } from "../images/decode-image.js";
import { checkPixels } from "../images/read-image-file.js";
import {
  type ImageBytes,
  type ImageShape,
  blankImage,
  toGrey,
} from "../../../data/transforms/image-bytes.js";
import type { QuickDecoder } from "./load-image.js";

/** The exports of `native/jpeg/addon.cc`. */
interface JpegAddon {
  /** Version of libjpeg-turbo. */
  readonly version: string;
  decode(
    bytes: Uint8Array,
    channels: ImageChannels,
    blank: (shape: ImageShape) => ImageBytes,
  ): ImageBytes | null;
}

/** Decodes JPEGs with libjpeg-turbo; null if its addon was not built or does not load. */
export function nativeJpegDecoder(blank = blankImage): QuickDecoder | null {
  const addon = loadJpegAddon();
  if ("problem" in addon) return null;
  return (bytes, channels, file = "the image") => {
    const image = addon.decode(bytes, channels, (shape) => {
      checkPixels(file, shape);
      return blank(shape);
    });
    return image && image.channels !== channels ? toGrey(image, channels) : image;
  };
}

/** Names the decoder of the JPEGs of folders, for `resnet doctor`. */
export function describeJpegDecoder(): string {
  const addon = loadJpegAddon();
  return "problem" in addon ? `sharp (${addon.problem})` : `libjpeg-turbo ${addon.version}`;
}

function loadJpegAddon(): JpegAddon | { readonly problem: string } {
  const file = addonFiles("jpeg").find((each) => existsSync(each));
  if (file === undefined) {
    const remedy = "apt install libjpeg62-turbo-dev, then npm run build:native";
    return { problem: `the engine was built without libjpeg-turbo's headers: ${remedy}` };
  }
  try {
    return createRequire(import.meta.url)(file) as JpegAddon;
  } catch (error) {
    return { problem: error instanceof Error ? error.message : String(error) };
  }
}
