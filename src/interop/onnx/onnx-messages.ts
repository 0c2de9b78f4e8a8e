import protobuf from "protobufjs";

/** Element types of a TensorProto. */
export const onnxTypes = { float: 1, int64: 7 } as const;

/** Kinds of an AttributeProto. */
export const attributeTypes = { float: 1, int: 2, string: 3, ints: 7 } as const;

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

const modelType = root.lookupType("ModelProto");

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
  readonly shape: readonly number[];
  readonly data: Float32Array | BigInt64Array;
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

/** The bytes of an `.onnx` file. */
export function encodeOnnx(model: OnnxModel): Uint8Array {
  const { name, nodes, initializers, input, output, metadata } = model;
  const message = {
    irVersion,
    producerName: "resnet-ts",
    opsetImport: [{ domain: "", version: opset }],
    metadataProps: Object.entries(metadata).map(([key, value]) => ({ key, value })),
    graph: {
      name,
      node: nodes.map((node) => ({
        opType: node.opType,
        name: node.name,
        input: node.inputs,
        output: [node.output],
        attribute: Object.entries(node.attributes).map(attribute),
      })),
      initializer: initializers.map(({ name: tensor, shape, data }) => ({
        name: tensor,
        dims: shape,
        dataType: data instanceof Float32Array ? onnxTypes.float : onnxTypes.int64,
        rawData: new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
      })),
      input: [valueInfo(input)],
      output: [valueInfo(output)],
    },
  };
  return modelType.encode(modelType.create(message)).finish();
}

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
      elemType: onnxTypes.float,
      shape: {
        dim: shape.map((size) =>
          typeof size === "string" ? { dimParam: size } : { dimValue: size },
        ),
      },
    },
  },
});
