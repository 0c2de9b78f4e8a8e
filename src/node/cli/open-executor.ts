import { createExecutor } from "../../executors/create-executor.js";
import type { Executor } from "../../executors/executor.js";
import type { ExecutorFlags } from "./options.js";
import type { Output } from "./output.js";

/** The executor that the flags ask for; what there is to know of the choice is said. */
export const openExecutor = ({ executor, threads }: ExecutorFlags, output: Output): Executor =>
  createExecutor(executor, { threads, onNotice: (notice) => output.notice(notice) });
