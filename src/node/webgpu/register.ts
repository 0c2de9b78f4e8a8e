import { registerExecutor } from "../../executors/create-executor.js";
import { WebGpuExecutor } from "../../executors/webgpu/webgpu-executor.js";
import { adapterName } from "./adapters.js";
import { openDawn } from "./dawn.js";

registerExecutor("webgpu", async ({ adapter }) => {
  const name = adapter === undefined ? undefined : await adapterName(adapter);
  return WebGpuExecutor.create({ gpu: await openDawn(name) });
});
