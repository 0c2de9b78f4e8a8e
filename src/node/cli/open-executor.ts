import "../webgpu/register.js";
import "../native/register.js";
import { createExecutor } from "../../executors/create-executor.js";
import type { Executor } from "../../executors/executor.js";
import type { ExecutorFlags } from "./options.js";
import type { Output } from "./output.js";

/** The executor that the flags ask for; the output shows what there is to know about the choice. */
export const openExecutor = (
  { executor, threads, adapter }: ExecutorFlags,
  output: Output,
): Promise<Executor> =>
  createExecutor(executor, { threads, adapter, onNotice: (notice) => output.notice(notice) });

/** Whether bf16 is faster than fp32 on the executor that the flags ask for. */
export async function prefersBf16({ executor, threads, adapter }: ExecutorFlags): Promise<boolean> {
  const opened = await createExecutor(executor, { threads, adapter });
  await opened.close();
  return opened.traits.isBf16Fast;
}
