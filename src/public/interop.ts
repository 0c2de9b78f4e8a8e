export { readSafetensors, type SafetensorsFile } from "../interop/read-safetensors.js";
export type { StoredArray } from "../interop/stored-array.js";
export { fromTorchLayout, hwncToNchw, nchwToHwnc, toTorchLayout } from "../interop/torch-layout.js";
export { sourceOf, writeSafetensors, type ArraySource } from "../interop/write-safetensors.js";
export { writeOnnx, type OnnxOptions } from "../interop/onnx/write-onnx.js";
export { writeTorch } from "../interop/torch/write-torch.js";
