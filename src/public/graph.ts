export { gradients } from "../autodiff/gradients.js";
export { graphOf, type Graph } from "../graph/graph.js";
export { printGraph } from "../graph/print.js";
export { input, state, Leaf, Tensor, type GraphNode } from "../graph/tensor.js";
export { verifyGraph } from "../graph/verify.js";
