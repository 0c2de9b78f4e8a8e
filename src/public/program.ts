export { fuse } from "../planner/fuse.js";
export { lower, plan } from "../planner/plan.js";
export { printProgram } from "../program/print.js";
export type { BufferSpec, Instruction, Program } from "../program/program.js";
export { verifyProgram } from "../program/verify.js";
