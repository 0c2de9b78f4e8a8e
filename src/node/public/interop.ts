export * from "../../public/interop.js";
export { OpenSafetensors } from "../interop/open-safetensors.js";
export { readWeights, type Weights } from "../interop/read-weights.js";
