import { registerExecutor } from "../../executors/create-executor.js";
import { nativeCapabilities } from "./load-addon.js";
import { NativeExecutor } from "./native-executor.js";

registerExecutor("native", async ({ threads, onNotice }) => {
  const executor = new NativeExecutor({ threads });
  const processors = nativeCapabilities().threads;
  if (threads !== undefined && threads > processors)
    onNotice?.(`${threads} threads share ${processors} processors and wait for each other: slow`);
  return executor;
});
