import { loadDataset } from "../../src/node/data/load-dataset.js";

/** Why tests that train on Fashion-MNIST are skipped; false where its files are. */
export const skipWithoutFashionMnist = await loadDataset("fashion-mnist", { offline: true }).then(
  () => false as const,
  () => "Fashion-MNIST is not on this machine",
);
