export * from "../../public/executors.js";
import "../webgpu/register.js";
import "../native/register.js";
export {
  NativeLoadError,
  nativeCapabilities,
  type NativeCapabilities,
} from "../native/load-addon.js";
export { NativeExecutor } from "../native/native-executor.js";
