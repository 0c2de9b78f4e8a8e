/** The data sets known by name: their descriptions, addresses and digests. */

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

/** Describes the data sets that `loadDataset` knows. */
export const listDatasets = (): readonly DatasetInfo[] => entries.map(withoutDecode);

/**
 * Describes the data set `name`.
 *
 * @throws {DataError} `ERR_DATA_NAME` if there is none of that name; lists the known names
 */
export const datasetInfo = (name: string): DatasetInfo => withoutDecode(findDataset(name));

function withoutDecode({ cacheName, forms, ...info }: DatasetEntry): DatasetInfo {
  void cacheName; // internal
  const described = forms.map(({ decode, ...form }): DatasetForm => {
    void decode; // a description is plain data
    return form;
  });
  return { ...info, forms: described };
}

/** The table's entry for `name`: as `datasetInfo`, and with the decoder of its files. */
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
