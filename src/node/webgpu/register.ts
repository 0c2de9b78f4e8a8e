import { registerExecutor } from "../../executors/create-executor.js";
import { WebGpuExecutor } from "../../executors/webgpu/webgpu-executor.js";
import { openDawn } from "./dawn.js";

registerExecutor("webgpu", async () => WebGpuExecutor.create(await openDawn()));
