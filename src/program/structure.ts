const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const isSize = (value: unknown): boolean => Number.isSafeInteger(value) && Number(value) >= 0;

// Array.from turns the holes of an array into undefined, so that they are found.

/** The first reason why a value, such as one parsed from a file, does not have the types of a `Program`; null if it has. */
export function badStructure(program: unknown): string[] {
  if (!isRecord(program)) return ["it is not an object"];
  const { name, arenaBytes, buffers, instructions, outputs } = program;
  const findings: string[] = [];
  if (typeof name !== "string") findings.push("name is not a string");
  if (!isSize(arenaBytes)) findings.push("arenaBytes is not a whole number");
  if (!isRecord(outputs)) findings.push("outputs is not an object");
  if (!Array.isArray(buffers)) findings.push("buffers is not an array");
  else Array.from(buffers).forEach((buffer, id) => findings.push(...badBuffer(buffer, `b${id}`)));
  if (!Array.isArray(instructions)) findings.push("instructions is not an array");
  else
    Array.from(instructions).forEach((each, i) =>
      findings.push(...badInstruction(each, `instruction ${i}`)),
    );
  return findings;
}

function badBuffer(buffer: unknown, who: string): string[] {
  if (!isRecord(buffer)) return [`${who} is not an object`];
  const { shape, dtype, place, name, offset } = buffer;
  if (!Array.isArray(shape) || typeof dtype !== "string") return [`${who} has no shape and dtype`];
  if (place === "arena") return typeof offset === "number" ? [] : [`${who} has no offset`];
  if (place !== "state" && place !== "input")
    return [`${who} has the unknown place ${String(place)}`];
  return typeof name === "string" ? [] : [`${who} has no name`];
}

function badInstruction(instruction: unknown, who: string): string[] {
  if (!isRecord(instruction)) return [`${who} is not an object`];
  const { op, inputs, outputs, attrs, module } = instruction;
  const isWhole =
    typeof op === "string" &&
    typeof module === "string" &&
    [inputs, outputs, attrs].every((record) => isRecord(record));
  return isWhole ? [] : [`${who} lacks op, inputs, outputs, attrs or module`];
}
