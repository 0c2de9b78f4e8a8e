export { bytesSource, type ByteSource } from "../interop/byte-source.js";
export { OpenSafetensors } from "../interop/open-safetensors.js";
export { readSafetensors, type SafetensorsFile } from "../interop/read-safetensors.js";
export type { StoredArray, Weights } from "../interop/stored-array.js";
export { fromTorchLayout, hwncToNchw, nchwToHwnc, toTorchLayout } from "../interop/torch-layout.js";
export { sourceOf, writeSafetensors, type ArraySource } from "../interop/write-safetensors.js";
export { writeOnnx, type OnnxOptions } from "../interop/onnx/write-onnx.js";
export { readTorch, type ReadTorchOptions } from "../interop/torch/read-torch.js";
export { writeTorch } from "../interop/torch/write-torch.js";
