import { loadAddon } from "../../native/load-addon.js";
import { useCopyPixels } from "../../../data/transforms/placement.js";
import { useResampleAxis } from "../../../data/transforms/resample.js";

/**
 * Crops, flips and resizes images on this thread with the native engine's loops where it can be loaded: the same bytes in
 * a fraction of the time. Where it cannot, TypeScript's do; who asks for the engine itself is told why.
 */
export function useNativeLoops(): void {
  try {
    const { copyPixels, resampleAxis } = loadAddon();
    useCopyPixels(copyPixels);
    useResampleAxis(resampleAxis);
  } catch {
    // TypeScript's loops stay.
  }
}
