import { readFile } from "node:fs/promises";
import type { Tensor } from "../../graph/tensor.js";
import type { Module } from "../../nn/module.js";
import {
  createSession as createInMemory,
  type CreateSessionOptions,
} from "../../train/create-session.js";
import type { Targets } from "../../train/loss.js";
import type { Session } from "../../train/session.js";
import { replaceFile } from "../files/replace-file.js";
import { imageFileOpener, type FileReading } from "./image-file-opener.js";

export interface NodeSessionOptions<T extends Targets = Tensor>
  extends Omit<CreateSessionOptions<T>, "files" | "resume">, FileReading {
  /** A file of `saveSession`, or its bytes: the session goes on where that one stood, bit for bit. */
  readonly resume?: string | Uint8Array;
}

/**
 * A model under training, for a loop of your own: `createSession` of the portable core, with images in files, and with
 * `resume` as a path.
 *
 * @throws {ResnetError} as the portable `createSession`
 */
export async function createSession<T extends Targets = Tensor>(
  model: Module,
  { workers, cache, resume, ...options }: NodeSessionOptions<T>,
): Promise<Session> {
  const saved = typeof resume === "string" ? await readFile(resume) : resume;
  return createInMemory(model, {
    ...options,
    ...(saved && { resume: saved }),
    files: imageFileOpener({ workers, cache }),
  });
}

/**
 * Writes a session to a safetensors file, whole or not at all: what `resume` needs to go on bit for bit. PyTorch reads the
 * weights in it.
 */
export async function saveSession(session: Session, file: string): Promise<void> {
  const bytes = await session.save();
  await replaceFile(file, (handle) => handle.writeFile(bytes));
}
