/** Number of blocks in each of the four stages of a network for ImageNet. */
export type FourStages = readonly [number, number, number, number];

/** Blocks in each stage, by depth. Source: He et al. 2015, arXiv:1512.03385, table 1; 26 are timm's. */
export const blocksOf = {
  18: [2, 2, 2, 2],
  26: [2, 2, 2, 2],
  34: [3, 4, 6, 3],
  50: [3, 4, 6, 3],
  101: [3, 4, 23, 3],
  152: [3, 8, 36, 3],
} as const satisfies Record<number, FourStages>;
