import { applyOp } from "../graph/define-op.js";
import { readersOf, type Graph } from "../graph/graph.js";
import { rewrite } from "../graph/rewrite.js";
import type { GraphNode, Tensor } from "../graph/tensor.js";
import { addOp } from "../ops/add.js";
import { batchNormFoldOp } from "../ops/batch-norm-fold.js";
import { batchNormStatisticsOp } from "../ops/batch-norm-statistics.js";
import { batchNormInputGradOp, batchNormParamGradOp } from "../ops/batch-norm2d-grad.js";
import { batchNorm2dOp } from "../ops/batch-norm2d.js";
import { conv2dOp } from "../ops/conv2d.js";
import { inModule } from "../graph/trace.js";
import { elementwise } from "./fuse-elementwise.js";
import { fusions, type Fusion } from "../program/traits.js";

/**
 * Merges ops, so that fewer passes over memory do the same work. Every rule is a pass from graph to graph that keeps the values:
 *
 * 1. `statistics`     conv2d also computes the statistics for the batch norm behind it
 * 2. `activation`     the epilogue of an op (of conv2d or batchNorm2d) computes the sum and the activation behind it
 * 3. `activationGrad` the two backward passes of batch norm compute the activation's gradient
 * 4. `gradientSum`    the epilogue of a gradient adds another gradient of the same tensor
 * 5. `foldBatchNorm`  at inference, the epilogue of conv2d computes the batch norm as scale and bias
 * 6. `elementwise`    one instruction computes a chain of elementwise functions (fuse-elementwise.ts)
 *
 * The rules know ops by identity and by what an op declares: its role, its epilogue, and the attributes of an activation.
 *
 * @param fuses the passes that the executor has kernels for. Default: all
 */
export function fuse(graph: Graph, fuses: readonly Fusion[] = fusions): Graph {
  const passes = {
    statistics,
    activation,
    activationGrad,
    gradientSum,
    foldBatchNorm,
    elementwise,
  };
  return fusions.filter((name) => fuses.includes(name)).reduce((g, name) => passes[name](g), graph);
}

/** Whether nothing is fused into the node's epilogue yet. */
const hasFreeEpilogue = ({ op, inputs, attrs }: GraphNode): boolean =>
  op.epilogue !== undefined &&
  !inputs[op.epilogue.addend] &&
  (!op.epilogue.activates || attrs["activation"] === "none");

/** Tells whether a tensor has exactly one reader and the graph does not keep it, so that it may disappear into the reader. */
function soleReader(graph: Graph): (tensor: Tensor) => boolean {
  const readers = readersOf(graph);
  const kept = new Set([...Object.values(graph.outputs), ...graph.updates.values()]);
  return (tensor) => readers.get(tensor)?.length === 1 && !kept.has(tensor);
}

export function statistics(graph: Graph): Graph {
  return rewrite(graph, (node, { x }) => {
    const producer = x?.node;
    if (node.op !== batchNormStatisticsOp || producer?.op !== conv2dOp) return null;
    return { mean: producer.outputs["mean"]!, variance: producer.outputs["variance"]! };
  });
}

export function activation(graph: Graph): Graph {
  const isSole = soleReader(graph);
  /** The node that computes `tensor`, if a sum and an activation fit its epilogue. */
  const host = (tensor: Tensor | undefined): GraphNode | null => {
    const node = tensor?.node;
    const fits = node && isSole(tensor) && node.op.epilogue?.activates && hasFreeEpilogue(node);
    return fits ? node : null;
  };
  return rewrite(graph, (node, _, { current }) => {
    const x = node.inputs["x"];
    if (!node.op.asEpilogue || node.op.role !== "forward" || !x) return null;
    const sum = x.node?.op === addOp && isSole(x) ? x.node : null;
    const { a, b } = sum?.inputs ?? {};
    const producer = host(x) ?? host(a) ?? host(b);
    if (!producer) return null;
    const { op, attrs, module } = producer;
    const addend = !sum ? undefined : producer === a?.node ? b : a;
    const inputs = Object.fromEntries(
      Object.entries({
        ...producer.inputs,
        ...(addend && { [op.epilogue!.addend]: addend }),
      }).map(([name, tensor]) => [name, current(tensor)]),
    );
    return applyOp(op, inputs, { ...attrs, ...node.op.asEpilogue(node.attrs) }, module).outputs;
  });
}

export function activationGrad(graph: Graph): Graph {
  const readers = readersOf(graph);
  return rewrite(graph, (node, inputs, { current, replace }) => {
    const dz = node.inputs["dy"];
    const source = dz?.node;
    const dzReaders = (dz && readers.get(dz)) ?? [];
    if (
      !dz ||
      !source?.op.asEpilogue ||
      source.op.role !== "gradient" ||
      dzReaders[0]?.op !== batchNormParamGradOp
    )
      return null;
    const attrs = source.op.asEpilogue(source.attrs);
    const operands = {
      ...inputs,
      dy: current(source.inputs["dy"]!),
      y: current(source.inputs["y"]!),
    };
    const fused = (): GraphNode =>
      applyOp(node.op, operands, { ...node.attrs, ...attrs }, node.module);
    // With no reader but the batch norm's own two passes, both mask dy themselves and dz is never written.
    const isPrivate = dzReaders.length === 2 && dzReaders[1]?.op === batchNormInputGradOp;
    if (isPrivate) return fused().outputs;
    if (node !== dzReaders[0]) return null;
    const { outputs } = fused();
    replace(dz, outputs["dz"]!);
    return outputs;
  });
}

export function gradientSum(graph: Graph): Graph {
  const isSole = soleReader(graph);
  return rewrite(graph, (node, { a, b }) => {
    if (node.op !== addOp || !a || !b) return null;
    const old = [node.inputs["b"]!, node.inputs["a"]!].find(
      ({ node: producer }, i, summands) =>
        producer?.op.role === "gradient" && hasFreeEpilogue(producer) && isSole(summands[i]!),
    );
    if (!old) return null;
    const [producer, addend] = old === node.inputs["b"] ? [b.node, a] : [a.node, b];
    if (!producer) return null;
    const fused = applyOp(
      producer.op,
      { ...producer.inputs, [producer.op.epilogue!.addend]: addend },
      producer.attrs,
      producer.module,
    );
    return { y: fused.outputs[producer.op.outputs[0]!.name]! };
  });
}

export function foldBatchNorm(graph: Graph): Graph {
  const isSole = soleReader(graph);
  return rewrite(graph, (node, inputs) => {
    const x = inputs["x"];
    const convolution = x?.node;
    if (node.op !== batchNorm2dOp || node.attrs["statistics"] !== "running") return null;
    if (convolution?.op !== conv2dOp || !isSole(node.inputs["x"]!)) return null;
    if (!hasFreeEpilogue(convolution) || convolution.inputs["scale"]) return null;
    const { mean, variance, weight, bias, residual } = inputs;
    const folded = inModule(node.module, () =>
      batchNormFoldOp.trace(
        {
          mean: mean!,
          variance: variance!,
          weight: weight!,
          bias: bias!,
          convBias: convolution.inputs["bias"],
        },
        { eps: Number(node.attrs["eps"]) },
      ),
    );
    const operands = {
      ...convolution.inputs,
      scale: folded.scale,
      bias: folded.shift,
      ...(residual && { residual }),
    };
    const { activation, slope } = node.attrs;
    return applyOp(
      convolution.op,
      operands,
      { ...convolution.attrs, activation: activation!, slope: slope! },
      convolution.module,
    ).outputs;
  });
}
