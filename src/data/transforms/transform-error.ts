import { DataError } from "../data-error.js";

/** A transform that does not exist, or that an image does not fit. */
export const transformError = (message: string): DataError =>
  new DataError("ERR_DATA_TRANSFORM", message);
