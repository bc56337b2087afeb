import type { GgufArray, GgufType } from "./ggufValue.ts";
import { ggufTypes } from "./ggufValue.ts";

/**
 * Decodes the array whose element type id lies at `start`. Its structure must have passed `scanHeader`.
 *
 * Arrays hold the vocabulary, a quarter of a million short strings in a large model: these are decoded here, straight from the header's
 * bytes, where a general parser takes seconds and strips byte order marks from tokens.
 */
export function decodeArray(bytes: Uint8Array, start: number): GgufArray {
  return new ArrayDecoder(bytes, start).array();
}

class ArrayDecoder {
  readonly #bytes: Buffer;
  readonly #view: DataView;
  #at: number;

  constructor(bytes: Uint8Array, start: number) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#at = start;
  }

  array(): GgufArray {
    const of = ggufTypes[this.#view.getUint32(this.#at, true)] as GgufType;
    this.#at += 4;
    const length = this.#length();
    switch (of) {
      case "string":
        return { type: "array", of, value: this.#strings(length) };
      case "array":
        return { type: "array", of, value: Array.from({ length }, () => this.array()) };
      case "bool":
        return {
          type: "array",
          of,
          value: Array.from(new Uint8Array(this.#copy(length)), (byte) => byte !== 0),
        };
      case "u8":
        return { type: "array", of, value: new Uint8Array(this.#copy(length)) };
      case "i8":
        return { type: "array", of, value: new Int8Array(this.#copy(length)) };
      case "u16":
        return { type: "array", of, value: new Uint16Array(this.#copy(length * 2)) };
      case "i16":
        return { type: "array", of, value: new Int16Array(this.#copy(length * 2)) };
      case "u32":
        return { type: "array", of, value: new Uint32Array(this.#copy(length * 4)) };
      case "i32":
        return { type: "array", of, value: new Int32Array(this.#copy(length * 4)) };
      case "f32":
        return { type: "array", of, value: new Float32Array(this.#copy(length * 4)) };
      case "f64":
        return { type: "array", of, value: new Float64Array(this.#copy(length * 8)) };
      case "u64":
        return { type: "array", of, value: new BigUint64Array(this.#copy(length * 8)) };
      case "i64":
        return { type: "array", of, value: new BigInt64Array(this.#copy(length * 8)) };
    }
  }

  #length(): number {
    const low = this.#view.getUint32(this.#at, true);
    const high = this.#view.getUint32(this.#at + 4, true);
    this.#at += 8;
    return high * 0x1_0000_0000 + low;
  }

  #strings(length: number): readonly string[] {
    const strings: string[] = [];
    for (let i = 0; i < length; i++) {
      const start = this.#at + 8;
      const end = start + this.#length();
      this.#at = end;
      strings.push(this.#bytes.toString("utf8", start, end));
    }
    return strings;
  }

  /** The next bytes in a buffer of their own, since a typed array must start at a multiple of its element size. */
  #copy(byteLength: number): ArrayBuffer {
    const copy = new ArrayBuffer(byteLength);
    new Uint8Array(copy).set(this.#bytes.subarray(this.#at, this.#at + byteLength));
    this.#at += byteLength;
    return copy;
  }
}
