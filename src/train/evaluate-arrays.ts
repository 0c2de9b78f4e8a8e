import { ProgramsBySize } from "../executors/programs-by-size.js";
import { UsageError } from "../tensor/error.js";
import { readInputs, type ArrayBatch, type ArrayBatches } from "./array-batch.js";
import type { EvaluateOptions } from "./evaluate.js";
import { loadGraph } from "../runtime/load-graph.js";
import type { BatchTracer } from "./sources/batch-source.js";
import { traceEvaluation } from "./step.js";

/** The result of an evaluation on batches of arrays. */
export interface ArrayEvaluation {
  readonly samples: number;
  /** Mean of the loss over the samples. */
  readonly loss: number;
  /** Fraction of samples that are classified correctly, 0 … 1; NaN if the loss does not count them. */
  readonly accuracy: number;
}

/** Evaluates a model on batches of the caller's own arrays, in evaluation mode. Each loss counts by its batch's samples. */
export async function evaluateArrays(
  batches: AsyncIterable<ArrayBatch> | Iterable<ArrayBatch>,
  arrays: ArrayBatches,
  { executor, model, precision, stateName, loss }: EvaluateOptions,
): Promise<ArrayEvaluation> {
  const programs = new Map<BatchTracer, ProgramsBySize>();
  const programsOf = (tracer: BatchTracer): ProgramsBySize => {
    const known = programs.get(tracer);
    if (known) return known;
    const made = new ProgramsBySize(async (n) =>
      loadGraph(
        executor,
        "evaluate",
        traceEvaluation(model, tracer, n, precision, stateName, loss),
      ),
    );
    programs.set(tracer, made);
    return made;
  };
  let [samples, total, correct] = [0, 0, 0];
  try {
    for await (const batch of batches) {
      const { tracer, samples: n, inputs } = arrays.of(batch);
      const program = await programsOf(tracer).ofSize(n);
      const outputs = await program.run(readInputs(program, inputs));
      samples += n;
      total += outputs["loss"]!.data[0]! * n;
      correct += outputs["correct"]?.data[0] ?? NaN;
    }
  } finally {
    for (const each of programs.values()) await each.close();
  }
  if (samples === 0) throw new UsageError("ERR_DATA_ROWS", "there is no batch to evaluate on");
  return { samples, loss: total / samples, accuracy: correct / samples };
}
