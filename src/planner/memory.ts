/** A value that needs memory, from the instruction that writes it to the last that reads it, both included. */
export interface Lifetime {
  /** Size in bytes. */
  readonly bytes: number;
  readonly first: number;
  readonly last: number;
}

export interface MemoryPlan {
  /** Offset of each value in the arena, in bytes; multiples of the alignment. */
  readonly offsets: readonly number[];
  readonly arenaBytes: number;
}

/**
 * Cuts an arena so that values alive at the same time never overlap.
 *
 * Greedy by size: the largest value first, each at the lowest offset that is free throughout its lifetime. Large values
 * decide the peak, and small ones fit into the gaps between them.
 *
 * @param alignment of the offsets, in bytes
 * @param segmentBytes a multiple of the alignment; no value lies across a multiple of it, so that an arena can be cut there
 * Source: Pisarchyk and Lee 2020, "Efficient memory management for deep neural net inference", arXiv:2001.03288, §5.
 */
export function planMemory(
  lifetimes: readonly Lifetime[],
  alignment: number,
  segmentBytes = Infinity,
): MemoryPlan {
  const inSegment = (offset: number, size: number): number =>
    (offset % segmentBytes) + size <= segmentBytes
      ? offset
      : Math.ceil(offset / segmentBytes) * segmentBytes;
  const sizes = lifetimes.map(({ bytes }) => Math.ceil(bytes / alignment) * alignment);
  const bySize = lifetimes.map((_, i) => i).sort((a, b) => sizes[b]! - sizes[a]! || a - b);
  const offsets = new Array<number>(lifetimes.length).fill(0);
  const placed: number[] = []; // in ascending order of offset
  let arenaBytes = 0;
  for (const i of bySize) {
    const { first, last } = lifetimes[i]!;
    let offset = 0;
    for (const other of placed) {
      const { first: otherFirst, last: otherLast } = lifetimes[other]!;
      if (otherLast < first || last < otherFirst) continue; // never alive together
      if (offset + sizes[i]! <= offsets[other]!) break; // fits before it
      offset = inSegment(Math.max(offset, offsets[other]! + sizes[other]!), sizes[i]!);
    }
    offsets[i] = offset;
    arenaBytes = Math.max(arenaBytes, offset + sizes[i]!);
    placed.splice(insertionPoint(placed, offsets, offset), 0, i);
  }
  return { offsets, arenaBytes };
}

function insertionPoint(
  placed: readonly number[],
  offsets: readonly number[],
  offset: number,
): number {
  let low = 0;
  let high = placed.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (offsets[placed[middle]!]! <= offset) low = middle + 1;
    else high = middle;
  }
  return low;
}
