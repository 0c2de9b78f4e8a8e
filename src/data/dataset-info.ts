/** The data sets that can be had by name: what they are, where they are, how to check them. */

import { cifar10, cifar100, cifar100Coarse } from "./catalog/cifar.js";
import type { DatasetEntry, DatasetForm, DatasetInfo } from "./catalog/dataset-entry.js";
import { emnist } from "./catalog/emnist.js";
import { fashionMnist, kmnist, mnist } from "./catalog/mnist.js";
import { didYouMean } from "../tensor/did-you-mean.js";
import { DataError } from "./data-error.js";

const entries: readonly DatasetEntry[] = [
  mnist,
  fashionMnist,
  kmnist,
  ...emnist,
  cifar10,
  cifar100,
  cifar100Coarse,
];

/** The data sets that `loadDataset` knows, in the order of the table. */
export const listDatasets = (): readonly DatasetInfo[] => entries.map(withoutDecode);

/**
 * What is known of the data set `name`.
 *
 * @throws {DataError} `ERR_DATA_NAME` if there is none of that name; lists the names there are
 */
export const datasetInfo = (name: string): DatasetInfo => withoutDecode(findDataset(name));

function withoutDecode({ cacheName, forms, ...info }: DatasetEntry): DatasetInfo {
  void cacheName; // of no use to others
  const described = forms.map(({ decode, ...form }): DatasetForm => {
    void decode; // code, which a description has no place for
    return form;
  });
  return { ...info, forms: described };
}

/** The row of the table for `name`; as `datasetInfo`, with the way to decode its files. */
export function findDataset(name: string): DatasetEntry {
  const entry = entries.find((candidate) => candidate.name === name);
  if (!entry) {
    const names = entries.map((candidate) => candidate.name);
    throw new DataError(
      "ERR_DATA_NAME",
      `no data set is named '${name}'${didYouMean(name, names)}; there are: ${names.join(", ")}`,
    );
  }
  return entry;
}
