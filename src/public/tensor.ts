export { decodeBf16, encodeBf16 } from "../tensor/bf16.js";
export { ResnetError, UsageError } from "../tensor/error.js";
export { hostArray, type HostArray } from "../tensor/host-array.js";
export { jupyterDisplay, type Displayable, type MimeBundle } from "../tensor/jupyter.js";
export { normal, permutation, randomKey, uniform, type RandomKey } from "../tensor/random.js";
export { ShapeError, sizeOf, type DType, type Shape, type TensorSpec } from "../tensor/shape.js";
