import { loadAddon } from "../../executors/native/load-addon.js";
import { useResampleAxis } from "../transforms/resample.js";

/**
 * Resizes images on this thread with the native engine's loops where it can be loaded: the same bytes in a fraction of
 * the time. Where it cannot, TypeScript's do; who asks for the engine itself is told why.
 */
export function resampleNatively(): void {
  try {
    const { resampleAxis } = loadAddon();
    useResampleAxis(resampleAxis);
  } catch {
    // TypeScript's loops stay.
  }
}
