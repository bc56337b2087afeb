import { ByteWriter } from "./byteWriter.ts";
import { ggufError, quoted } from "./ggufError.ts";
import { type GgufArray, type GgufMetadata, type GgufScalar, ggufTypes } from "./ggufValue.ts";

/** One row of the tensor table to write; sizes slowest axis first. */
export interface HeaderTensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly typeId: number;
  /** From the start of the data. */
  readonly offset: number;
}

/** The header of a GGUF version 3 file: everything before the padding that leads to the data. */
export function encodeHeader(metadata: GgufMetadata, tensors: readonly HeaderTensor[]): Uint8Array {
  const out = new ByteWriter();
  out.raw(Buffer.from("GGUF"));
  out.u32(3);
  out.u64(tensors.length);
  out.u64(metadata.size);
  for (const [key, value] of metadata) {
    out.string(key);
    out.u32(ggufTypes.indexOf(value.type));
    if (value.type === "array") writeArray(out, value);
    else writeScalar(out, key, value);
  }
  for (const { name, shape, typeId, offset } of tensors) {
    out.string(name);
    out.u32(shape.length);
    for (const size of [...shape].reverse()) out.u64(size);
    out.u32(typeId);
    out.u64(offset);
  }
  return out.bytes;
}

function writeScalar(out: ByteWriter, key: string, entry: GgufScalar): void {
  switch (entry.type) {
    case "string":
      out.string(entry.value);
      break;
    case "bool":
      out.raw(Uint8Array.of(entry.value ? 1 : 0));
      break;
    case "u64":
    case "i64": {
      const wrapped = entry.type === "u64" ? BigInt.asUintN(64, entry.value) : BigInt.asIntN(64, entry.value);
      if (wrapped !== entry.value) throw outOfRange(key, entry);
      out.u64(BigInt.asUintN(64, entry.value));
      break;
    }
    case "f32": {
      const { view, at } = out.slot(4);
      view.setFloat32(at, entry.value, true);
      break;
    }
    case "f64": {
      const { view, at } = out.slot(8);
      view.setFloat64(at, entry.value, true);
      break;
    }
    default:
      writeInteger(out, key, entry.type, entry.value);
  }
}

function writeInteger(
  out: ByteWriter,
  key: string,
  type: "u8" | "i8" | "u16" | "i16" | "u32" | "i32",
  value: number,
): void {
  const bits = Number(type.slice(1));
  const low = type.startsWith("i") ? -(2 ** (bits - 1)) : 0;
  if (!Number.isInteger(value) || value < low || value >= low + 2 ** bits)
    throw outOfRange(key, { type, value });
  const { view, at } = out.slot(bits / 8);
  if (bits === 8) view.setInt8(at, value);
  else if (bits === 16) view.setInt16(at, value, true);
  else view.setInt32(at, value, true);
}

const outOfRange = (key: string, { type, value }: GgufScalar) =>
  ggufError("value-range", `metadata ${quoted(key)} can't hold ${value} as ${type}`, "use a wider type", {
    key,
  });

function writeArray(out: ByteWriter, array: GgufArray): void {
  out.u32(ggufTypes.indexOf(array.of));
  out.u64(array.value.length);
  switch (array.of) {
    case "string":
      for (const text of array.value) out.string(text);
      return;
    case "array":
      for (const inner of array.value) writeArray(out, inner);
      return;
    case "bool":
      out.raw(Uint8Array.from(array.value, Number));
      return;
    default: {
      const { buffer, byteOffset, byteLength } = array.value;
      out.raw(new Uint8Array(buffer, byteOffset, byteLength));
    }
  }
}
