import type { Digest } from "./dataset-entry.js";

export const sha256 = (hex: string): Digest => ({ algorithm: "sha256", hex });
export const md5 = (hex: string): Digest => ({ algorithm: "md5", hex });
