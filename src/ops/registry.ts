import { isOp, type Op } from "../graph/define-op.js";
import * as all from "./all.js";

/** Every op, by its name in programs. */
export const opsByName: ReadonlyMap<string, Op> = new Map(
  (Object.values(all) as unknown[]).filter(isOp).map((op) => [op.name, op]),
);
