import { findCheckpoint } from "../runs/find-checkpoint.js";
import type { Output } from "./output.js";

/** The checkpoint that a command is given; of a run's directory, says which of its files is taken. */
export async function checkpointOf(place: string, output: Output): Promise<string> {
  const file = await findCheckpoint(place);
  if (file !== place) output.notice(`${place}: taking ${file}`);
  return file;
}
