export * from "../../public/interop.js";
export { openFile } from "../files/open-file.js";
export { readWeights } from "../interop/read-weights.js";
