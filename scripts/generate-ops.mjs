// Generates files from the declarations of the ops in src/ops: the list of the files there, the table by which the native
// executor checks instructions, and docs/instructions.md. `npm run generate` writes them; --check only compares them, and
// exits with 1 if one is out of date.
// @ts-check
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { buildTypeScript, exitWith, listFiles } from "./setup.mjs";

/**
 * @typedef {import("../dist/src/graph/define-op.js").Op} Op
 * @typedef {import("../dist/src/graph/signature.js").Operand} Operand
 * @typedef {import("../dist/src/graph/attributes.js").AttrSpec} AttrSpec
 * @typedef {import("../dist/src/graph/attributes.js").Range} Range
 */

const root = fileURLToPath(new URL("..", import.meta.url));
const notice = "Written by `npm run generate` from the declarations in src/ops: edit those.";

/** src/ops/all.ts: one line for each file that declares ops. */
function opFiles() {
  const files = listFiles("src/ops").filter((file) =>
    readFileSync(path.join(root, file), "utf8").includes("= defineOp("),
  );
  const lines = files.map((file) => `export * from "./${path.basename(file, ".ts")}.js";\n`);
  return `// Every file that declares ops. Written by \`npm run generate\`.\n${lines.join("")}`;
}

// native/generated/ops.cc

const text = (/** @type {string} */ value) => JSON.stringify(value);
const list = (/** @type {readonly string[]} */ values) => `{${values.join(", ")}}`;
const number = (/** @type {number} */ value) =>
  Number.isFinite(value) ? String(value) : value > 0 ? "HUGE_VAL" : "-HUGE_VAL";

const operand = (/** @type {Operand} */ { name, isOptional, element, axes }) =>
  list([
    text(name),
    String(isOptional),
    `Element::${element === "float" ? "floating" : element}`,
    list(axes.map(text)),
  ]);

const range = (/** @type {Range} */ { least, most, isOpen, isInteger }) =>
  list([number(least), number(most), String(isOpen), String(isInteger)]);

function attribute(/** @type {[string, AttrSpec]} */ [name, { form, isOptional }]) {
  const words =
    form.kind === "choice"
      ? form.choices
      : form.kind === "list"
        ? [form.length]
        : form.kind === "sizes"
          ? form.axes
          : [];
  const numbers = "range" in form ? range(form.range) : "{}";
  return list([
    text(name),
    String(isOptional),
    `AttrKind::${form.kind}`,
    numbers,
    list(words.map(text)),
  ]);
}

const maker = (/** @type {Op} */ { name }) => `make${name[0]?.toUpperCase()}${name.slice(1)}`;

/** A list, broken into lines of at most 100 columns. */
function wrapped(/** @type {readonly string[]} */ items) {
  /** @type {string[]} */
  const lines = [];
  for (const item of items) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + item.length < 88) lines.push(`${lines.pop()} ${item},`);
    else lines.push(`${item},`);
  }
  return `{${lines.join("\n         ").replace(/,$/, "")}}`;
}

function nativeTable(/** @type {readonly Op[]} */ ops) {
  const makers = ops.map((op) => `KernelCall ${maker(op)}(OpReader& op);`);
  const entries = ops.map((op) => {
    const pairs = Object.entries(op.inPlace ?? {}).flatMap(([output, inputs]) =>
      (inputs ?? []).map((input) => list([text(output), text(input)])),
    );
    const parts = [
      wrapped(op.inputs.map(operand)),
      wrapped(op.outputs.map(operand)),
      wrapped(Object.entries(op.attrs).map(attribute)),
      wrapped(pairs),
    ];
    return `      {${text(op.name)}, ${maker(op)},\n${parts.map((part) => `        ${part}`).join(",\n")}},`;
  });
  return `// ops.cc: the declarations of all ops. ${notice}

#include <cmath>

#include "../ops/signature.h"

namespace resnet {

${makers.join("\n")}

const std::vector<OpDeclaration>& declaredOps() {
  static const std::vector<OpDeclaration> ops = {
${entries.join("\n")}
  };
  return ops;
}

}  // namespace resnet
`;
}

// docs/instructions.md

const code = (/** @type {string} */ value) => `\`${value}\``;

const describeOperand = (/** @type {Operand} */ { name, isOptional, element, axes }) =>
  `${name}${isOptional ? "?" : ""} ${code(`${element} [${axes.join(", ")}]`)}`;

function describeRange(/** @type {Range} */ { least, most, isOpen, isInteger }) {
  const set = isInteger ? "integer " : "";
  if (!Number.isFinite(least) && !Number.isFinite(most)) return set.trim();
  if (!Number.isFinite(most)) return `${set}≥ ${least}`;
  return `${set}in ${least} … ${most}${isOpen ? " (excluded)" : ""}`;
}

function describeAttribute(/** @type {[string, AttrSpec]} */ [name, { form, isOptional }]) {
  const what = () => {
    switch (form.kind) {
      case "number":
        return describeRange(form.range);
      case "flag":
        return "true or false";
      case "text":
        return "text";
      case "choice":
        return form.choices.map(code).join(" or ");
      case "floatDType":
        return "of the `float` operands";
      case "list":
        return `${code(`[${form.length}]`)} ${describeRange(form.range)}`.trim();
      case "sizes":
        return `= ${code(`[${form.axes.join(", ")}]`)}`;
    }
  };
  return `${name}${isOptional ? "?" : ""} ${what()}`.trim();
}

const row = (/** @type {readonly string[]} */ cells) =>
  `| ${cells.join(" | ")} |`.replaceAll("|  |", "| |").replaceAll("|  |", "| |");

function opTable(/** @type {readonly Op[]} */ ops) {
  const rows = ops.map((op) => {
    const outputs = op.outputs.map((output) => {
      const places = op.inPlace?.[output.name] ?? [];
      const inPlace = places.length > 0 ? ` (in place of ${places.join(" or ")})` : "";
      return describeOperand(output) + inPlace;
    });
    return row([
      code(op.name),
      op.inputs.map(describeOperand).join(", "),
      outputs.join(", "),
      Object.entries(op.attrs).map(describeAttribute).join(", "),
      op.meaning,
    ]);
  });
  return [
    row(["op", "inputs", "outputs", "attributes", "meaning"]),
    row(["---", "---", "---", "---", "---"]),
    ...rows,
  ].join("\n");
}

function instructionsPage(/** @type {readonly Op[]} */ ops) {
  const withRole = (/** @type {Op["role"]} */ role) =>
    opTable(ops.filter((op) => op.role === role));
  return `# The instruction set

<!-- ${notice} -->

A program is a list of instructions, and each carries out one of these ops. An op has the same name in \`src/ops/\`, in a
printed program and in every executor. An operand has a dtype and a shape, row-major: \`float [H, W, N, C]\`.

- \`float\` is \`f32\` or \`bf16\`, the same for all operands of an instruction. Results in \`bf16\` are computed in \`f32\` and
  rounded once, to the nearest, ties to even. Products round the weight to the dtype of x (or dy).
- An axis has the same size everywhere in an instruction: H and W are height and width of the image, N samples, C
  channels; OH, OW and Cout belong to the output, KH and KW to the filter. \`...\` stands for any axes, which are equal
  everywhere in the instruction; \`*\` for any axes of that operand alone. Operands with \`*\` of \`binary\` and \`where\`
  broadcast as in NumPy: shapes are aligned at their last axes, and an axis of 1, or one that is missing, is repeated.
- \`any\` is any dtype. An op that only moves elements gives the dtype that it takes.
- A window of stride s and padding p gives OH = ⌊(H + 2p − KH) / s⌋ + 1, and OW likewise.
- \`?\` marks optional operands and attributes. An optional output is absent if no instruction reads it.
- An output may use the memory of an input only if the table says "in place of".
- \`act\` is the activation of the attributes \`activation\` and \`slope\` (for \`leakyRelu\`; otherwise 0).

## Forward

Layers, batches and losses.

${withRole("forward")}

## Gradients

Gradients of the loss with respect to the operands of the forward ops.

${withRole("gradient")}

## Updates

New values of state (parameters, moments, running statistics) and their scales.

${withRole("update")}

## NaN and infinities

Every op gives the same results as PyTorch for NaN, infinities and -0, in both directions and on every executor;
\`npm run test:faults -- special\` compares them with \`test/fixtures/special.json\`. The differences are:

- Winograd's algorithm for a 3x3 convolution, and its gradient with respect to the image, computes 2x2 pixels from a
  window of 4x4. NaN or an infinity in the window makes them NaN, up to one pixel further than the filter reaches. Other
  images of the batch are not affected.
- Narrow groups of a convolution are multiplied together, with zeros between them. NaN or an infinity in one group can
  become NaN in the others.
- Taps of a convolution on the padding do not count. PyTorch may multiply its zeros by the weight, which gives NaN for
  an infinite weight.
- Batch norm is \`(x − mean) · factor + bias\`, while PyTorch computes \`x · factor + (bias − mean · factor)\`. With an
  infinite factor, the two parts in PyTorch cancel to NaN.
- An infinite running statistic, or an infinite parameter under an optimizer, becomes NaN in the next step.
- The loss is summed in double precision, so weighted terms do not overflow before the division.
`;
}

/** Every generated file by its path. The program in dist/ must be up to date with src/. */
async function generatedFiles() {
  const registry = pathToFileURL(path.join(root, "dist/src/ops/registry.js")).href;
  /** @type {{ readonly opsByName: ReadonlyMap<string, Op> }} */
  const { opsByName } = await import(registry);
  const ops = [...opsByName.values()];
  return new Map([
    ["src/ops/all.ts", opFiles()],
    ["native/generated/ops.cc", nativeTable(ops)],
    ["docs/instructions.md", instructionsPage(ops)],
  ]);
}

const read = (/** @type {string} */ file) => {
  try {
    return readFileSync(path.join(root, file), "utf8");
  } catch {
    return "";
  }
};

try {
  if (process.argv.includes("--check")) {
    const files = await generatedFiles();
    const old = [...files].filter(([file, content]) => read(file) !== content);
    for (const [file] of old) console.error(`${file} is out of date: run npm run generate`);
    process.exitCode = old.length > 0 ? 1 : 0;
  } else {
    writeFileSync(path.join(root, "src/ops/all.ts"), opFiles());
    buildTypeScript();
    for (const [file, content] of await generatedFiles()) {
      mkdirSync(path.join(root, path.dirname(file)), { recursive: true });
      writeFileSync(path.join(root, file), content);
    }
  }
} catch (error) {
  exitWith(error);
}
