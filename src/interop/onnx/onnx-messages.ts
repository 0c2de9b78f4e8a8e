import protobuf from "protobufjs";
import { sizeOf } from "../../tensor/shape.js";
import { checkFileSize, concatenate } from "../byte-source.js";

/** Element types of a TensorProto, and the bytes of an element. */
const elementTypes = { float: { id: 1, bytes: 4 }, int64: { id: 7, bytes: 8 } } as const;

/** Kinds of an AttributeProto. */
const attributeTypes = { float: 1, int: 2, string: 3, ints: 7 } as const;

type Field = readonly [type: string, id: number];

const one = ([type, id]: Field) => ({ type, id });
const many = ([type, id]: Field) => ({ rule: "repeated", type, id });

/**
 * As much of ONNX's messages as a network takes, with the field numbers of onnx.proto.
 *
 * @see https://github.com/onnx/onnx/blob/main/onnx/onnx.proto
 */
const root = protobuf.Root.fromJSON({
  nested: {
    ModelProto: {
      fields: {
        irVersion: one(["int64", 1]),
        producerName: one(["string", 2]),
        graph: one(["GraphProto", 7]),
        opsetImport: many(["OperatorSetIdProto", 8]),
        metadataProps: many(["StringStringEntryProto", 14]),
      },
    },
    OperatorSetIdProto: { fields: { domain: one(["string", 1]), version: one(["int64", 2]) } },
    StringStringEntryProto: { fields: { key: one(["string", 1]), value: one(["string", 2]) } },
    GraphProto: {
      fields: {
        node: many(["NodeProto", 1]),
        name: one(["string", 2]),
        initializer: many(["TensorProto", 5]),
        input: many(["ValueInfoProto", 11]),
        output: many(["ValueInfoProto", 12]),
      },
    },
    NodeProto: {
      fields: {
        input: many(["string", 1]),
        output: many(["string", 2]),
        name: one(["string", 3]),
        opType: one(["string", 4]),
        attribute: many(["AttributeProto", 5]),
      },
    },
    AttributeProto: {
      fields: {
        name: one(["string", 1]),
        f: one(["float", 2]),
        i: one(["int64", 3]),
        s: one(["bytes", 4]),
        ints: many(["int64", 8]),
        type: one(["int32", 20]),
      },
    },
    TensorProto: {
      fields: {
        dims: many(["int64", 1]),
        dataType: one(["int32", 2]),
        name: one(["string", 8]),
        rawData: one(["bytes", 9]),
      },
    },
    ValueInfoProto: { fields: { name: one(["string", 1]), type: one(["TypeProto", 2]) } },
    TypeProto: { fields: { tensorType: one(["TensorTypeProto", 1]) } },
    TensorTypeProto: {
      fields: { elemType: one(["int32", 1]), shape: one(["TensorShapeProto", 2]) },
    },
    TensorShapeProto: { fields: { dim: many(["DimensionProto", 1]) } },
    DimensionProto: { fields: { dimValue: one(["int64", 1]), dimParam: one(["string", 2]) } },
  },
});

const [modelType, graphType, tensorType] = ["ModelProto", "GraphProto", "TensorProto"].map((name) =>
  root.lookupType(name),
) as [protobuf.Type, protobuf.Type, protobuf.Type];

/** A value of an attribute: whole numbers are ints, unless they are marked as floats. */
export type OnnxAttribute = number | readonly number[] | string | { readonly float: number };

export interface OnnxNode {
  readonly opType: string;
  readonly name: string;
  readonly inputs: readonly string[];
  readonly output: string;
  readonly attributes: Readonly<Record<string, OnnxAttribute>>;
}

export interface OnnxTensor {
  readonly name: string;
  readonly type: keyof typeof elementTypes;
  readonly shape: readonly number[];
  /** Its values, computed where they are written: a large model is never in memory twice. */
  readonly values: () => Float32Array | BigInt64Array;
}

export interface OnnxModel {
  readonly name: string;
  readonly nodes: readonly OnnxNode[];
  readonly initializers: readonly OnnxTensor[];
  /** Shapes; a text is the name of a size that is free. */
  readonly input: { readonly name: string; readonly shape: readonly (number | string)[] };
  readonly output: { readonly name: string; readonly shape: readonly (number | string)[] };
  readonly metadata: Readonly<Record<string, string>>;
}

/** Operators of 2022 and newer readers: ONNX 1.12, onnxruntime 1.12. */
const opset = 17;
const irVersion = 8;

/** The largest message that readers of protobuf accept, unless tensors are in separate files. */
const limit = { format: "ONNX in one file", most: 2 ** 31 - 1 };

/**
 * The bytes of an `.onnx` file, piece by piece; the values of a tensor are asked for when its turn comes.
 *
 * @throws {InteropError} `ERR_FILE_SIZE`, before the first piece
 */
export function onnxChunks(model: OnnxModel): Iterable<Uint8Array> {
  const { name, nodes, initializers, input, output, metadata } = model;
  const graph = encode(graphType, {
    name,
    node: nodes.map((node) => ({
      opType: node.opType,
      name: node.name,
      input: node.inputs,
      output: [node.output],
      attribute: Object.entries(node.attributes).map(attribute),
    })),
    input: [valueInfo(input)],
    output: [valueInfo(output)],
  });
  const description = encode(modelType, {
    irVersion,
    producerName: "resnet-ts",
    opsetImport: [{ domain: "", version: opset }],
    metadataProps: Object.entries(metadata).map(([key, value]) => ({ key, value })),
  });
  const tensors = initializers.map(tensorParts);
  const graphBytes = tensors.reduce((bytes, tensor) => bytes + tensor.length, graph.length);
  const beginning = concatenate([description, fieldHead(modelType, "graph", graphBytes), graph]);
  checkFileSize(beginning.length + graphBytes - graph.length, limit);
  return withTensors(beginning, tensors);
}

function* withTensors(
  beginning: Uint8Array,
  tensors: readonly ReturnType<typeof tensorParts>[],
): Generator<Uint8Array, void> {
  yield beginning;
  for (const { head, values } of tensors) {
    yield head;
    const { buffer, byteOffset, byteLength } = values();
    yield new Uint8Array(buffer, byteOffset, byteLength);
  }
}

/** An initializer as a field of the graph: all but its values, and the length with them. */
function tensorParts({ name, type, shape, values }: OnnxTensor) {
  const { id, bytes } = elementTypes[type];
  const valueBytes = sizeOf(shape) * bytes;
  const described = encode(tensorType, { name, dims: shape, dataType: id });
  const inner = concatenate([described, fieldHead(tensorType, "rawData", valueBytes)]);
  const outer = fieldHead(graphType, "initializer", inner.length + valueBytes);
  return {
    head: concatenate([outer, inner]),
    length: outer.length + inner.length + valueBytes,
    values,
  };
}

const encode = (type: protobuf.Type, message: object): Uint8Array =>
  type.encode(type.create(message)).finish();

/** The bytes before a field of that length: the number of the field with wire type 2, and the length. */
const fieldHead = (type: protobuf.Type, field: string, length: number): Uint8Array =>
  protobuf.Writer.create()
    .uint32((type.fields[field]!.id << 3) | 2)
    .uint32(length)
    .finish();

function attribute([name, value]: readonly [string, OnnxAttribute]): object {
  if (typeof value === "number") return { name, type: attributeTypes.int, i: value };
  if (typeof value === "string") {
    return { name, type: attributeTypes.string, s: new TextEncoder().encode(value) };
  }
  return "float" in value
    ? { name, type: attributeTypes.float, f: value.float }
    : { name, type: attributeTypes.ints, ints: value };
}

const valueInfo = ({ name, shape }: OnnxModel["input"]): object => ({
  name,
  type: {
    tensorType: {
      elemType: elementTypes.float.id,
      shape: {
        dim: shape.map((size) =>
          typeof size === "string" ? { dimParam: size } : { dimValue: size },
        ),
      },
    },
  },
});
