/** PyTorch's files, made by hand: with views that its own `torch.save` would not write as well. */
import { zipSync, type Zippable } from "fflate";
import { PickleWriter } from "../../src/pickle/pickle-writer.js";

export interface TestStorage {
  readonly key?: string;
  readonly elements: number;
  /** PyTorch's class, as FloatStorage. */
  readonly of?: string;
}

export type View = readonly [offset: number, shape: readonly number[], strides: readonly number[]];

/** A pickle of tensors by name, views of one storage. */
export function viewsPickle(
  storage: TestStorage,
  views: Readonly<Record<string, View>>,
): Uint8Array {
  const { key = "0", elements, of = "FloatStorage" } = storage;
  const pickle = new PickleWriter().op("}");
  for (const [name, [offset, shape, strides]] of Object.entries(views)) {
    pickle.text(name).global("torch._utils", "_rebuild_tensor_v2");
    pickle.op("(").op("(").text("storage").global("torch", of).text(key).text("cpu");
    pickle.integer(elements).op("t").op("Q").integer(offset).integers(shape).integers(strides);
    pickle.op("t").op("R").op("s");
  }
  return pickle.end();
}

/** The same of one tensor, `x`. */
export const tensorPickle = (storage: TestStorage, ...view: View): Uint8Array =>
  viewsPickle(storage, { x: view });

/** The zip archive of a pickle and its one storage. */
export const archive = (pickle: Uint8Array, storage: Uint8Array, level: 0 | 9 = 0): Uint8Array => {
  const files: Zippable = { "a/data.pkl": [pickle, { level }], "a/data/0": [storage, { level }] };
  return zipSync(files);
};

/** What a training saves: numbers, vectors of f32 and dicts of these. */
export interface SavedDict {
  readonly [key: string]: number | readonly number[] | SavedDict;
}

/** A file in the zip format, of a dict whose arrays are tensors with a storage each. */
export function nestedTorchFile(saved: SavedDict): Uint8Array {
  const files: Zippable = {};
  const pickle = new PickleWriter();
  let storages = 0;
  const write = (dict: SavedDict): void => {
    pickle.op("}");
    for (const [key, value] of Object.entries(dict)) {
      pickle.text(key);
      if (typeof value === "number") pickle.integer(value);
      else if (isVector(value)) {
        const storage = String(storages++);
        files[`a/data/${storage}`] = new Uint8Array(Float32Array.from(value).buffer);
        pickle.global("torch._utils", "_rebuild_tensor_v2");
        pickle.op("(").op("(").text("storage").global("torch", "FloatStorage").text(storage);
        pickle.text("cpu").integer(value.length).op("t").op("Q").integer(0);
        pickle.integers([value.length]).integers([1]).op("t").op("R");
      } else write(value);
      pickle.op("s");
    }
  };
  write(saved);
  files["a/data.pkl"] = pickle.end();
  return zipSync(files, { level: 0 });
}

const isVector = (value: readonly number[] | SavedDict): value is readonly number[] =>
  Array.isArray(value);
