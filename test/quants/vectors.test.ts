import { createHash } from "node:crypto";
import { dtypes, readableNames, rowBytes, type TensorplanError } from "@tensorplan/ir";
import { expect, test } from "vitest";
import { COLUMNS, ROWS, readVectors } from "./vectors.ts";

const vectors = readVectors();
const hash = (values: Float32Array) =>
  createHash("sha256")
    .update(new Uint8Array(values.buffer, values.byteOffset, values.byteLength))
    .digest("hex");

test("every type that can be read has vectors, but for f32 and i32", () => {
  expect([...readableNames].sort()).toEqual([...vectors.map(({ type }) => type), "f32", "i32"].sort());
});

test.each(vectors)(
  "$type: the values of the format's own reader, bit for bit",
  ({ type, id, packed, sha256 }) => {
    expect(dtypes[type].ggmlTypeId).toBe(id);
    expect(packed.length).toBe(ROWS * rowBytes(type, COLUMNS));
    const values = new Float32Array(ROWS * COLUMNS);
    dtypes[type].decode(packed, values, COLUMNS);
    expect(hash(values)).toBe(sha256);
  },
);

// Blocks don't know of the row that they lie in, so rows of another length can be made of the same bytes.
test.each(vectors)("$type: rows of one block, and some rows alone", ({ type, packed }) => {
  const { blockSize, blockBytes, rowPrefix = 0, rowsTogether = 1, decode } = dtypes[type];
  const all = new Float32Array(ROWS * COLUMNS);
  decode(packed, all, COLUMNS);
  const width = rowBytes(type, COLUMNS);
  const group = packed.subarray(rowsTogether * width * (ROWS / rowsTogether - 1));
  const some = new Float32Array(rowsTogether * COLUMNS);
  decode(group, some, COLUMNS);
  expect(some).toEqual(all.subarray(all.length - some.length));

  const short = Uint8Array.from([
    ...group.subarray(0, rowsTogether * rowPrefix),
    ...group.subarray(rowsTogether * rowPrefix, rowsTogether * (rowPrefix + blockBytes)),
  ]);
  const first = new Float32Array(rowsTogether * blockSize);
  decode(short, first, blockSize);
  for (let row = 0; row < rowsTogether; row++) {
    expect(first.subarray(row * blockSize, (row + 1) * blockSize)).toEqual(
      some.subarray(row * COLUMNS, row * COLUMNS + blockSize),
    );
  }
});

test.each(vectors.filter(({ type }) => dtypes[type].rowsTogether !== undefined))(
  "$type: parts of a group of rows are refused",
  ({ type, packed }) => {
    expect(() => dtypes[type].decode(packed, new Float32Array(2 * COLUMNS), COLUMNS)).toThrow(
      expect.objectContaining({ code: "dtype/partial-rows" }) as TensorplanError,
    );
  },
);

test("scales that are denormal or negative, and every code of a scale", () => {
  const block = new Uint8Array(144);
  const view = new DataView(block.buffer);
  const out = new Float32Array(256);
  for (const bits of [0x0001, 0x8001, 0x03ff, 0xfbff]) {
    view.setUint16(0, bits, true);
    const d = (bits & 0x8000 ? -1 : 1) * (bits & 0x7c00 ? 65504 : (bits & 0x3ff) * 2 ** -24);
    for (let code = 0; code < 64; code++) {
      // Group 0: four low bits in byte 8, two high ones in byte 4; code 15 of the first book for all values.
      block[8] = code & 15;
      block[4] = code >> 4;
      block.fill(0xff, 16);
      dtypes.iq4_k.decode(block, out, 256);
      expect(out[0]).toBe(Math.fround(Math.fround(d * (code - 32)) * 113));
    }
  }
});
