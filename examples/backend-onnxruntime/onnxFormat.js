import protobuf from "protobufjs";

/** The part of the ONNX format (onnx.proto, IR version 8) that is written here. */
const schema = `
syntax = "proto3";
message OperatorSetIdProto { string domain = 1; int64 version = 2; }
message AttributeProto { string name = 1; float f = 2; int64 i = 3; repeated int64 ints = 8; int32 type = 20; }
message NodeProto {
  repeated string input = 1; repeated string output = 2; string name = 3; string op_type = 4;
  repeated AttributeProto attribute = 5;
}
message TensorProto { repeated int64 dims = 1; int32 data_type = 2; string name = 8; bytes raw_data = 9; }
message Dimension { int64 dim_value = 1; }
message TensorShapeProto { repeated Dimension dim = 1; }
message TensorTypeProto { int32 elem_type = 1; TensorShapeProto shape = 2; }
message TypeProto { TensorTypeProto tensor_type = 1; }
message ValueInfoProto { string name = 1; TypeProto type = 2; }
message GraphProto {
  repeated NodeProto node = 1; string name = 2; repeated TensorProto initializer = 5;
  repeated ValueInfoProto input = 11; repeated ValueInfoProto output = 12;
}
message ModelProto {
  int64 ir_version = 1; string producer_name = 2; GraphProto graph = 7;
  repeated OperatorSetIdProto opset_import = 8;
}`;

const Model = protobuf.parse(schema, { keepCase: true }).root.lookupType("ModelProto");
const [FLOAT, INT64] = [1, 7];
const OPSET = 17;

const valueInfo = ({ name, shape }) => ({
  name,
  type: { tensor_type: { elem_type: FLOAT, shape: { dim: shape.map((size) => ({ dim_value: size })) } } },
});

const attribute = ([name, value]) =>
  Array.isArray(value)
    ? { name, ints: value, type: 7 }
    : Number.isInteger(value)
      ? { name, i: value, type: 2 }
      : { name, f: value, type: 1 };

const initializer = (name, dims, data_type, data) => ({
  name,
  dims,
  data_type,
  raw_data: new Uint8Array(data.buffer),
});

/** An ONNX graph in the making. Tensors are f32; their names are the caller's, or made up. */
export class GraphWriter {
  #nodes = [];
  #initializers = [];
  #inputs = [];
  #outputs = [];
  #names = 0;

  /** A tensor that each run brings. */
  input(shape) {
    const name = `in${this.#inputs.length}`;
    this.#inputs.push({ name, shape });
    return name;
  }

  /** A tensor that each run gives. */
  output(name, shape) {
    this.#outputs.push({ name, shape });
  }

  /** Adds a node with one output and returns its name. */
  node(op_type, input, attributes = {}) {
    const name = `t${this.#names++}`;
    this.#nodes.push({
      op_type,
      name,
      input,
      output: [name],
      attribute: Object.entries(attributes).map(attribute),
    });
    return name;
  }

  scalar(value) {
    const name = `t${this.#names++}`;
    this.#initializers.push(initializer(name, [], FLOAT, Float32Array.of(value)));
    return name;
  }

  reshape(input, shape) {
    const name = `t${this.#names++}`;
    this.#initializers.push(initializer(name, [shape.length], INT64, BigInt64Array.from(shape, BigInt)));
    return this.node("Reshape", [input, name]);
  }

  /** The model's bytes. */
  finish() {
    const graph = {
      name: "split",
      node: this.#nodes,
      initializer: this.#initializers,
      input: this.#inputs.map(valueInfo),
      output: this.#outputs.map(valueInfo),
    };
    const model = {
      ir_version: 8,
      producer_name: "tensorplan-backend-onnxruntime",
      graph,
      opset_import: [{ domain: "", version: OPSET }],
    };
    return Model.encode(Model.fromObject(model)).finish();
  }
}
