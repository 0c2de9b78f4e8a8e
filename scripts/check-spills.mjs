// Fails where a microkernel's loop keeps a vector in memory because the registers are too few.
//
//   node scripts/check-spills.mjs OBJECT...     objects of x86-64, by objdump
//
// A spill is an instruction with a vector register and an address on the stack, between a jump backwards and its target.
import { execFileSync } from "node:child_process";

/** @typedef {{ address: number, text: string }} Line */

/**
 * The functions of an object, by demangled name.
 * @param {string} file
 * @returns {Map<string, Line[]>}
 */
function disassemble(file) {
  const options = ["-d", "-C", "--no-show-raw-insn", "-w", file];
  const listing = execFileSync("objdump", options, { encoding: "utf8", maxBuffer: 1 << 28 });
  const functions = new Map();
  /** @type {Line[]} */
  let lines = [];
  for (const line of listing.split("\n")) {
    const name = /^[0-9a-f]+ <(.*)>:$/.exec(line)?.[1];
    if (name) functions.set(name, (lines = []));
    const [, address, text] = /^ *([0-9a-f]+):\t(.*)$/.exec(line) ?? [];
    if (address && text) lines.push({ address: parseInt(address, 16), text });
  }
  return functions;
}

/**
 * First and last address of each loop: what lies between a jump backwards and its target.
 * @param {Line[]} lines
 */
function loopsOf(lines) {
  const first = lines[0]?.address ?? 0;
  return lines.flatMap(({ address, text }) => {
    const target = parseInt(/^j\w+ +([0-9a-f]+)/.exec(text)?.[1] ?? "", 16);
    return target >= first && target <= address ? [{ from: target, to: address }] : [];
  });
}

/**
 * movq and movd move a pointer that was parked in a vector register, not a vector.
 * %rbp is an address on the stack only in functions that make it one.
 * @param {Line[]} lines
 */
function spillsOf(lines) {
  const framed = lines.some(({ text }) => /^(mov +%rsp,%rbp|lea +\S*\(%rsp\),%rbp)/.test(text));
  const stack = framed ? /\(%r[sb]p[,)]/ : /\(%rsp[,)]/;
  const loops = loopsOf(lines);
  return lines.filter(
    ({ address, text }) =>
      /%[xyz]mm\d/.test(text) &&
      !/^v?mov[qd] /.test(text) &&
      stack.test(text) &&
      loops.some(({ from, to }) => from <= address && address <= to),
  );
}

let kernels = 0;
let spills = 0;
for (const file of process.argv.slice(2)) {
  for (const [name, lines] of disassemble(file)) {
    if (loopsOf(lines).length === 0) continue;
    kernels++;
    for (const { address, text } of spillsOf(lines)) {
      spills++;
      console.error(`${file}: ${name}: ${address.toString(16)}: ${text}`);
    }
  }
}
if (kernels === 0) throw new Error("no loops to check: objects of x86-64 are the arguments");
console.log(`${kernels} functions with loops, ${spills} instructions that spill a vector`);
process.exitCode = spills > 0 ? 1 : 0;
