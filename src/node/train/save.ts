import { writeSafetensors } from "../../interop/write-safetensors.js";
import { Module, type AnyModule } from "../../nn/module.js";
import { ResnetError } from "../../tensor/error.js";
import type { Session } from "../../train/session.js";
import { replaceFile } from "../files/replace-file.js";

/**
 * Writes a safetensors file, whole or not at all: the weights that a model holds, or a session with all that
 * `createSession` needs to go on bit for bit. PyTorch and timm read the first; a session's file also has the optimizer's
 * state and averages, so its weights load with `strict: false`.
 *
 *     await save(net, "net.safetensors");
 *     net.loadStateDict(await readWeights("net.safetensors"));
 *
 * @throws {ResnetError} `ERR_FORMAT` if the name of the file does not end in `.safetensors`; `ERR_SESSION` within a step
 */
export async function save(target: AnyModule | Session<AnyModule>, file: string): Promise<void> {
  if (!file.endsWith(".safetensors")) {
    throw new ResnetError(
      "ERR_FORMAT",
      `${file}: save writes safetensors, and the name has another ending: use .safetensors, or exportModel for .onnx and .pth`,
    );
  }
  const bytes =
    target instanceof Module ? await writeSafetensors(target.stateDict()) : await target.save();
  await replaceFile(file, (handle) => handle.writeFile(bytes));
}
