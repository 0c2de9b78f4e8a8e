import type { Executor } from "../../src/executors/executor.js";
import { NativeLoadError, nativeCapabilities } from "../../src/node/native/load-addon.js";
import { NativeExecutor } from "../../src/node/native/native-executor.js";
import { ReferenceExecutor } from "../../src/executors/reference/reference-executor.js";

export interface ExecutorUnderTest {
  readonly name: string;
  /** A new executor, to be closed by the test. */
  readonly create: () => Executor;
}

/** The native executor on one instruction set, with more than one thread also where there is one core. */
const native = (isa: string): ExecutorUnderTest => ({
  name: `native ${isa}`,
  create() {
    const before = process.env["RESNET_ISA"];
    process.env["RESNET_ISA"] = isa;
    try {
      return new NativeExecutor({ threads: 2 });
    } finally {
      if (before === undefined) delete process.env["RESNET_ISA"];
      else process.env["RESNET_ISA"] = before;
    }
  },
});

function findNative(): { readonly found: readonly ExecutorUnderTest[]; readonly reason: string } {
  try {
    return { found: nativeCapabilities().isas.map(native), reason: "" };
  } catch (error) {
    if (error instanceof NativeLoadError) return { found: [], reason: error.message };
    throw error;
  }
}

const { found, reason } = findNative();

/** Every instruction set of the native executor that this machine has; empty where none can be loaded. */
export const nativeExecutors = found;

/** Why there are no native executors; empty where there are. */
export const nativeSkip = reason;

export const reference: ExecutorUnderTest = {
  name: "reference",
  create: () => new ReferenceExecutor(),
};

/** The reference executor, and every native one that can be loaded. */
export const executorsUnderTest: readonly ExecutorUnderTest[] = [reference, ...nativeExecutors];
