/**
 * Random numbers from a counter: Threefry-2x32 with 20 rounds.
 *
 * There is no hidden state. A stream is named by its key, which is folded together from the seed and
 * whatever else names the draw (purpose, epoch, step), and the i-th number of a stream is a pure function
 * of the key and i. A resumed run therefore draws what the uninterrupted run would have drawn, and
 * `native/kernels/threefry.h` draws the same bits.
 *
 * Source: Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3".
 */

/** Names a stream of random numbers. */
export type RandomKey = readonly [number, number];

const rotations = [13, 15, 26, 6, 17, 29, 16, 24] as const;

/** One block of Threefry-2x32-20: two 32-bit words out of a key and a two-word counter. */
export function threefry([k0, k1]: RandomKey, c0: number, c1: number): RandomKey {
  const keys = [k0, k1, k0 ^ k1 ^ 0x1bd11bda];
  let x0 = (c0 + k0) | 0;
  let x1 = (c1 + k1) | 0;
  for (let round = 0; round < 20; round++) {
    const rotation = rotations[round & 7]!;
    x0 = (x0 + x1) | 0;
    x1 = ((x1 << rotation) | (x1 >>> (32 - rotation))) ^ x0;
    if ((round & 3) === 3) {
      const block = (round >> 2) + 1;
      x0 = (x0 + keys[block % 3]!) | 0;
      x1 = (x1 + keys[(block + 1) % 3]! + block) | 0;
    }
  }
  return [x0 >>> 0, x1 >>> 0];
}

/**
 * The key of the stream that `names` name, in their order: `randomKey(seed, "shuffle", epoch)`.
 *
 * @param seed any integer up to 2^53
 * @param names strings (a purpose, a parameter's name) and unsigned integers (an epoch, a step)
 */
export function randomKey(seed: number, ...names: readonly (string | number)[]): RandomKey {
  let key: RandomKey = [seed >>> 0, Math.floor(seed / 2 ** 32) >>> 0];
  for (const name of names) {
    const words = typeof name === "number" ? [name >>> 0] : new TextEncoder().encode(name);
    key = threefry(key, words.length, 0);
    for (const word of words) key = threefry(key, word, 1);
  }
  return key;
}

/** The i-th number of a stream, uniform in `[0, 1)` with 24 bits. */
export const uniform = (key: RandomKey, i: number): number =>
  (threefry(key, i >>> 0, Math.floor(i / 2 ** 32))[0] >>> 8) * 2 ** -24;

/** The i-th number of a stream, standard normal, by the Box–Muller transform. */
export function normal(key: RandomKey, i: number): number {
  const [a, b] = threefry(key, i >>> 0, Math.floor(i / 2 ** 32));
  const u = ((a >>> 8) + 1) * 2 ** -24; // in (0, 1], so that the logarithm is finite
  return Math.sqrt(-2 * Math.log(u)) * Math.cos(2 * Math.PI * (b >>> 8) * 2 ** -24);
}

/** The integers `0 … n−1` in the random order of the stream `key` (Fisher–Yates). */
export function permutation(key: RandomKey, n: number): Int32Array {
  const order = Int32Array.from({ length: n }, (_, i) => i);
  for (let i = n - 1; i > 0; i--) {
    const j = Math.floor(uniform(key, i) * (i + 1));
    [order[i], order[j]] = [order[j]!, order[i]!];
  }
  return order;
}
