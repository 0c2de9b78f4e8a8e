/** The classes and functions in pickles of NumPy's arrays and numbers. */

import { type Charge, type PickleGlobals, PickleObject } from "./pickle-globals.js";
import { printable } from "../tensor/printable.js";
import { asText } from "./pickle-dict.js";

type ArrayConstructor =
  | Uint8ArrayConstructor
  | Int8ArrayConstructor
  | Uint16ArrayConstructor
  | Int16ArrayConstructor
  | Uint32ArrayConstructor
  | Int32ArrayConstructor
  | BigUint64ArrayConstructor
  | BigInt64ArrayConstructor
  | Float32ArrayConstructor
  | Float64ArrayConstructor;

/** Array types by NumPy's names: kind and bytes of an element. */
const arrays: Readonly<Record<string, ArrayConstructor>> = {
  b1: Uint8Array,
  u1: Uint8Array,
  i1: Int8Array,
  u2: Uint16Array,
  i2: Int16Array,
  u4: Uint32Array,
  i4: Int32Array,
  u8: BigUint64Array,
  i8: BigInt64Array,
  f4: Float32Array,
  f8: Float64Array,
};

const maxAxes = 64;

/** `numpy.dtype` of a number. */
class NumpyDtype extends PickleObject {
  #bigEndian = false;

  constructor(readonly name: string) {
    super();
    if (!Object.hasOwn(arrays, name)) {
      throw new Error(
        `the dtype ${printable(name)} is not one of ${Object.keys(arrays).join(", ")}`,
      );
    }
  }

  /** State: version, byte order (`<`, `>`, `|`, `=`), and fields that only records have. */
  setState(state: unknown, charge: Charge): void {
    if (!Array.isArray(state)) throw new Error("its state is not a tuple");
    this.#bigEndian = asText(state[1], charge) === ">";
  }

  /** A view of `bytes` if they are aligned and little-endian, else a copy. */
  read(bytes: Uint8Array, charge: Charge): InstanceType<ArrayConstructor> {
    const constructor = arrays[this.name]!;
    const size = constructor.BYTES_PER_ELEMENT;
    if (bytes.length % size !== 0) {
      throw new Error(`${bytes.length} bytes are not a whole number of ${this.name} elements`);
    }
    let data = bytes;
    const swap = this.#bigEndian && size > 1;
    if (swap || bytes.byteOffset % size !== 0) {
      charge(bytes.length);
      data = bytes.slice();
    }
    if (swap) {
      for (let at = 0; at < data.length; at += size) data.subarray(at, at + size).reverse();
    }
    return new constructor(data.buffer as ArrayBuffer, data.byteOffset, data.length / size);
  }
}

/** `numpy.ndarray`. Its values are in C order, whatever their order in the file. */
export class NumpyArray extends PickleObject {
  shape: readonly number[] = [];
  /** NumPy's name for the kind and bytes of an element, such as `u1` or `f4`. */
  dtype = "u1";
  data: InstanceType<ArrayConstructor> = new Uint8Array(0);

  /** State: version, shape, dtype, whether in Fortran order, bytes. */
  setState(state: unknown, charge: Charge): void {
    if (!Array.isArray(state)) throw new Error("its state is not a tuple");
    const [, shape, dtype, fortran, bytes] = state as unknown[];
    this.fill(shape, dtype, bytes, charge);
    if (fortran === true && this.shape.length > 1) this.#reorder(charge);
  }

  fill(shape: unknown, dtype: unknown, bytes: unknown, charge: Charge): void {
    if (!Array.isArray(shape)) throw new Error("its shape is not a tuple");
    if (shape.length > maxAxes) {
      throw new Error(`its shape has ${shape.length} axes; the limit is ${maxAxes}`);
    }
    if (!shape.every((size) => Number.isSafeInteger(size) && size >= 0)) {
      throw new Error("its shape is not a tuple of sizes");
    }
    if (!(dtype instanceof NumpyDtype)) throw new Error("it has no dtype");
    if (!(bytes instanceof Uint8Array)) throw new Error("its values are not bytes");
    this.data = dtype.read(bytes, charge);
    this.dtype = dtype.name;
    this.shape = [...(shape as number[])]; // its own: a pickle may append to a list that it has stored
    const size = this.shape.reduce((product, each) => product * each, 1);
    if (size !== this.data.length) {
      const found = `it has ${this.data.length} values`;
      throw new Error(`${found} but its shape [${this.shape.join(", ")}] takes ${size}`);
    }
  }

  /** Converts from Fortran order (first axis innermost) to C order. */
  #reorder(charge: Charge): void {
    const { shape, data } = this;
    charge(data.byteLength + data.length * shape.length);
    const ordered = data.slice();
    const position = shape.map(() => 0);
    for (let to = 0; to < data.length; to++) {
      let from = 0;
      for (let axis = shape.length - 1; axis >= 0; axis--) {
        from = from * shape[axis]! + position[axis]!;
      }
      ordered[to] = data[from]!;
      for (let axis = shape.length - 1; axis >= 0; axis--) {
        if (++position[axis]! < shape[axis]!) break;
        position[axis] = 0;
      }
    }
    this.data = ordered;
  }
}

function makeDtype([name]: readonly unknown[], charge: Charge): NumpyDtype {
  return new NumpyDtype((asText(name, charge) ?? "without a name").slice(0, 20));
}

function makeScalar([dtype, bytes]: readonly unknown[], charge: Charge): unknown {
  const scalar = new NumpyArray();
  scalar.fill([], dtype, bytes, charge);
  return scalar.data[0];
}

function fromBuffer([bytes, dtype, shape, order]: readonly unknown[], charge: Charge): NumpyArray {
  if (order !== "C") throw new Error("the array is in Fortran's order: save it in C's order");
  const array = new NumpyArray();
  array.fill(shape, dtype, bytes, charge);
  return array;
}

/** NumPy 1 and 2 have these functions in modules of different names. */
const both = (name: string): readonly string[] => [`numpy.core.${name}`, `numpy._core.${name}`];

/** For the `globals` of `unpickle`: arrays become `NumpyArray`, and NumPy's numbers become numbers. */
export const numpyGlobals: PickleGlobals = new Map([
  ["numpy.ndarray", null],
  ["numpy.dtype", makeDtype],
  ...both("multiarray._reconstruct").map((name) => [name, () => new NumpyArray()] as const),
  ...both("multiarray.scalar").map((name) => [name, makeScalar] as const),
  ...both("numeric._frombuffer").map((name) => [name, fromBuffer] as const),
]);
