// The kernels on a second implementation of WebGPU, wgpu in Deno: cases that cover every generator of kernels.
//     deno run -A --unstable-webgpu dist/test/executors/webgpu/deno-kernels.js [all]
// With `all`, the whole conformance list. `tools/deno-check.sh` brings Deno. Ends with 1 if a case fails.
import { WebGpuExecutor } from "../../../src/executors/webgpu/webgpu-executor.js";
import { sizeOf } from "../../../src/tensor/shape.js";
import { checkCase, variants } from "../check-case.js";
import type { ConformanceCase } from "../conformance-case.js";
import { conformanceCases } from "../conformance-cases.js";

/** Compiling is slow on a GPU in software, so the short list has few ops of each file of kernels. */
const mostPipelines = 60;
const inF32 =
  "adam argmax avgPool2d batchNorm2d batchNormInputGrad batchNormParamGrad binary broadcast concat conv2d " +
  "conv2dInputGrad conv2dWeightGrad convTranspose2d dropout elementwise flatten gatherLabels ingest linear linearInputGrad " +
  "linearWeightGrad literal matmul maxPool2d maxPool2dGrad pad permute reduce reduceGrad sgd softmax " +
  "softmaxCrossEntropy softmaxCrossEntropyGrad squaredNorm subsample unary unaryGrad where";
const inBf16 = "batchNorm2d conv2d conv2dInputGrad elementwise matmul reduce";

/** The first case of an op with enough elements for several vectors, and few enough to be quick. */
function mediumCase(op: string, dtype: "f32" | "bf16"): ConformanceCase {
  const fits = (each: ConformanceCase): boolean => {
    const operands = Object.values(each.inputs());
    const elements = operands.reduce((sum, { shape }) => sum + sizeOf(shape), 0);
    const isBf16 = operands.some((operand) => operand.dtype === "bf16");
    return (
      isBf16 === (dtype === "bf16") && elements <= 20_000 && (elements >= 64 || op === "literal")
    );
  };
  const found = conformanceCases.find((each) => each.op === op && fits(each));
  if (!found) throw new Error(`no case of ${op} in ${dtype} is of medium size`);
  return found;
}

const isAll = process.argv.includes("all");
const cases = isAll
  ? conformanceCases
  : [
      ...inF32.split(" ").map((op) => mediumCase(op, "f32")),
      ...inBf16.split(" ").map((op) => mediumCase(op, "bf16")),
    ];

const executor = await WebGpuExecutor.create({ shapes: "uniforms" });
const { device } = executor.gpu;
let pipelines = 0;
const compile = device.createComputePipelineAsync.bind(device);
device.createComputePipelineAsync = (descriptor) => {
  pipelines++;
  return compile(descriptor);
};

const failures: string[] = [];
for (const each of cases) {
  try {
    for (const inPlace of isAll ? variants(each) : [{}]) await checkCase(executor, each, inPlace);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    failures.push(`${each.op}, ${each.name}: ${reason}`);
  }
}
await executor.close();
if (!isAll && pipelines > mostPipelines) failures.push(`more than ${mostPipelines} pipelines`);
for (const failure of failures) console.log(`not ok: ${failure}`);
console.log(
  `${executor.description}: ${cases.length} cases, ${pipelines} pipelines, ${failures.length} failed`,
);
process.exitCode = failures.length > 0 ? 1 : 0;
