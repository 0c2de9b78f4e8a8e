import { ResnetError } from "../tensor/error.js";

/** The codes of errors of weights' files; stable across versions. */
export type InteropErrorCode =
  /** The header does not fit the file, or is not the JSON it should be. */
  | "ERR_SAFETENSORS_HEADER"
  /** A tensor's entry in the header is invalid. */
  | "ERR_SAFETENSORS_ENTRY"
  /** The tensors do not cover the data exactly once. */
  | "ERR_SAFETENSORS_OFFSETS"
  /** A tensor cannot be written: its name is taken by the format, or its size and shape differ. */
  | "ERR_SAFETENSORS_WRITE"
  /** A file of weights cannot be read, or its format is unknown. */
  | "ERR_WEIGHTS_FILE"
  /** The shards of a model and their index contradict each other. */
  | "ERR_WEIGHTS_INDEX"
  /** The weights are not those of the model: names or shapes differ. */
  | "ERR_WEIGHTS_MATCH"
  /** A file has no weights under the requested name. */
  | "ERR_WEIGHTS_STATE"
  /** A weight is NaN or infinite, or a running variance is below 0. */
  | "ERR_WEIGHTS_VALUES"
  /** A file of PyTorch is damaged, or has no state_dict. */
  | "ERR_TORCH_FILE"
  /** A file of PyTorch needs more memory than its size allows. */
  | "ERR_TORCH_LIMIT"
  /** A tensor cannot be written for PyTorch. */
  | "ERR_TORCH_WRITE"
  /** A file would be larger than its format allows. */
  | "ERR_FILE_SIZE"
  /** A network cannot be written as ONNX. */
  | "ERR_ONNX"
  /** An array does not have the axes that a conversion needs. */
  | "ERR_LAYOUT";

/** Thrown when weights cannot be read or written; the message names the file and the tensor. */
export class InteropError extends ResnetError {
  override readonly name = "InteropError";
  declare readonly code: InteropErrorCode;

  constructor(code: InteropErrorCode, message: string, options?: ErrorOptions) {
    super(code, message, options);
  }
}
