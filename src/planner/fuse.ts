import { applyOp } from "../graph/define-op.js";
import { readersOf, type Graph } from "../graph/graph.js";
import { rewrite } from "../graph/rewrite.js";
import type { GraphNode, Tensor } from "../graph/tensor.js";
import type { ActivationAttrs } from "../ops/activation.js";
import { batchNormFoldOp } from "../ops/batch-norm-fold.js";
import { inModule } from "../graph/trace.js";

/**
 * Merges ops so that each pass over memory does all it can. Every rule is a graph to graph pass that keeps the values:
 *
 * 1. `statistics`    conv2d also sums what the batch norm behind it needs
 * 2. `activation`    relu(add(batchNorm2d, residual)), or any part of it, in one pass; likewise behind conv2d
 * 3. `activationGrad` the activation's gradient inside the batch norm's two backward passes
 * 4. `gradientSum`   a gradient's second summand added where the convolution writes the first
 * 5. `foldBatchNorm` at inference, batch norm as scale and bias in the convolution's epilogue
 */
export function fuse(graph: Graph): Graph {
  return [statistics, activation, activationGrad, gradientSum, foldBatchNorm].reduce(
    (g, pass) => pass(g),
    graph,
  );
}

const opOf = (tensor: Tensor | undefined): string => tensor?.node?.op.name ?? "";
const isActivated = (node: GraphNode): boolean => node.attrs["activation"] !== "none";

/** Whether `tensor` exists only for its one reader, so that nothing else misses it. */
function soleReader(graph: Graph): (tensor: Tensor) => boolean {
  const readers = readersOf(graph);
  const kept = new Set([...Object.values(graph.outputs), ...graph.updates.values()]);
  return (tensor) => readers.get(tensor)?.length === 1 && !kept.has(tensor);
}

export function statistics(graph: Graph): Graph {
  return rewrite(graph, (node, { x }) => {
    const producer = x?.node;
    if (node.op.name !== "batchNormStatistics" || producer?.op.name !== "conv2d") return null;
    return { mean: producer.outputs["mean"]!, variance: producer.outputs["variance"]! };
  });
}

/** The attributes that an activation op becomes when it is fused. */
function activationAttrs(node: GraphNode): ActivationAttrs | null {
  switch (node.op.name) {
    case "relu":
    case "reluGrad":
      return { activation: "relu", slope: 0 };
    case "leakyRelu":
    case "leakyReluGrad":
      return { activation: "leakyRelu", slope: Number(node.attrs["slope"]) };
    default:
      return null;
  }
}

export function activation(graph: Graph): Graph {
  const isSole = soleReader(graph);
  /** The conv2d or batchNorm2d that computes `tensor` and can still take an epilogue. */
  const host = (tensor: Tensor | undefined): GraphNode | null => {
    const node = tensor?.node;
    const fits = node && isSole(tensor) && ["batchNorm2d", "conv2d"].includes(node.op.name);
    return fits && !node.inputs["residual"] && !isActivated(node) ? node : null;
  };
  return rewrite(graph, (node, _, { current }) => {
    const attrs = activationAttrs(node);
    const x = node.inputs["x"];
    if (!attrs || node.op.name.endsWith("Grad") || !x) return null;
    const sum = x.node?.op.name === "add" && isSole(x) ? x.node : null;
    const { a, b } = sum?.inputs ?? {};
    const producer = host(x) ?? host(a) ?? host(b);
    if (!producer) return null;
    const residual = !sum ? undefined : producer === a?.node ? b : a;
    const inputs = Object.fromEntries(
      Object.entries({ ...producer.inputs, ...(residual && { residual }) }).map(([name, t]) => [
        name,
        current(t),
      ]),
    );
    return applyOp(producer.op, inputs, { ...producer.attrs, ...attrs }, producer.module).outputs;
  });
}

export function activationGrad(graph: Graph): Graph {
  const readers = readersOf(graph);
  return rewrite(graph, (node, inputs, { current, replace }) => {
    const dz = node.inputs["dy"];
    const source = dz?.node;
    const attrs = source && activationAttrs(source);
    const dzReaders = (dz && readers.get(dz)) ?? [];
    if (
      !dz ||
      !attrs ||
      !source.op.name.endsWith("Grad") ||
      dzReaders[0]?.op.name !== "batchNormParamGrad"
    )
      return null;
    const operands = {
      ...inputs,
      dy: current(source.inputs["dy"]!),
      y: current(source.inputs["y"]!),
    };
    const fused = (): GraphNode =>
      applyOp(node.op, operands, { ...node.attrs, ...attrs }, node.module);
    // With no reader but the batch norm's own two passes, both mask dy themselves and dz is never written.
    const isPrivate = dzReaders.length === 2 && dzReaders[1]?.op.name === "batchNormInputGrad";
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
    if (node.op.name !== "add" || !a || !b) return null;
    const old = [node.inputs["b"]!, node.inputs["a"]!].find(
      (tensor) =>
        opOf(tensor) === "conv2dInputGrad" && !tensor.node?.inputs["addend"] && isSole(tensor),
    );
    if (!old) return null;
    const [producer, addend] = old === node.inputs["b"] ? [b.node, a] : [a.node, b];
    if (!producer) return null;
    const fused = applyOp(
      producer.op,
      { ...producer.inputs, addend },
      producer.attrs,
      producer.module,
    );
    return { y: fused.outputs["dx"]! };
  });
}

export function foldBatchNorm(graph: Graph): Graph {
  const isSole = soleReader(graph);
  return rewrite(graph, (node, inputs) => {
    const x = inputs["x"];
    const convolution = x?.node;
    if (
      node.op.name !== "batchNorm2d" ||
      node.attrs["statistics"] !== "running" ||
      opOf(x) !== "conv2d"
    )
      return null;
    if (!convolution || !isSole(node.inputs["x"]!) || isActivated(convolution)) return null;
    if (convolution.inputs["residual"] || convolution.inputs["scale"]) return null;
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
