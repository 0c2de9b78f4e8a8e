import { readFile } from "node:fs/promises";
import type { Tensor } from "../../graph/tensor.js";
import type { AnyModule, Module } from "../../nn/module.js";
import {
  createSession as createInMemory,
  sessionOptionValues,
  type CreateSessionOptions,
} from "../../train/create-session.js";
import { checkOptionValues, count } from "../../tensor/check-options.js";
import type { Targets } from "../../train/loss.js";
import type { OutputOf } from "../../train/several.js";
import type { Session } from "../../train/session.js";
import { imageFileOpener, type FileReading } from "./image-file-opener.js";

export interface NodeSessionOptions<T extends Targets = Tensor, Outputs = Tensor>
  extends Omit<CreateSessionOptions<T, Outputs>, "files" | "resume">, FileReading {
  /** A file of `save(session, file)`, or its bytes: the session goes on where that one stood, bit for bit. */
  readonly resume?: string | Uint8Array;
}

/**
 * A model under training, for a loop of your own: `createSession` of the portable core, with images in files, and with
 * `resume` as a path.
 *
 * @throws {ResnetError} as the portable `createSession`
 */
export async function createSession<T extends Targets = Tensor, M extends AnyModule = Module>(
  model: M,
  options: NodeSessionOptions<T, OutputOf<M>>,
): Promise<Session<M>> {
  checkOptionValues("createSession", options, {
    ...sessionOptionValues,
    workers: count,
    cache: "any",
  });
  const { workers, cache, resume, ...rest } = options;
  const saved = typeof resume === "string" ? await readFile(resume) : resume;
  return createInMemory(model, {
    ...rest,
    ...(saved && { resume: saved }),
    files: imageFileOpener({ workers, cache }),
  });
}
