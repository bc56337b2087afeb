import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TensorSource, WeightPlace } from "@tensorplan/backend-api";
import { type DType, dtypes, rowBytes } from "@tensorplan/ir";
import { EncodePool } from "@tensorplan/models";
import { afterAll, expect, test } from "vitest";
import { convertedSource } from "./convertedSource.ts";

const folder = mkdtempSync(join(tmpdir(), "tensorplan-converted-"));
afterAll(() => rmSync(folder, { recursive: true }));
const here = new EncodePool(1);
const pool = () => here;

const ROWS = 16;
const COLUMNS = 64;

/** A matrix of bytes that mean something in every type of eight interleaved rows: scales of 1, codes that count. */
function sourceOf(dtype: DType): { source: TensorSource; values: Float32Array } {
  const width = rowBytes(dtype, COLUMNS);
  const bytes = Uint8Array.from({ length: ROWS * width }, (_, i) => (i * 7) % 31);
  const values = new Float32Array(ROWS * COLUMNS);
  dtypes[dtype].decode(bytes, values, COLUMNS);
  const path = join(folder, `${dtype}.bin`);
  // Nine bytes in front: a tensor rarely begins where its file does.
  writeFileSync(path, Uint8Array.from([...new Uint8Array(9), ...bytes]));
  const readRows = async (first: number, count: number) =>
    bytes.slice(first * width, (first + count) * width);
  const shape = [ROWS, COLUMNS];
  return { source: { name: "w", dtype, shape, bytes: bytes.length, path, offset: 9, readRows }, values };
}

const placeOf = (dtype: DType, storedAs?: DType): WeightPlace => ({
  name: "w",
  source: { kind: "tensor", tensor: "w", ...(storedAs === undefined ? {} : { storedAs }) },
  dtype,
  layout: "rows",
  shape: [ROWS, COLUMNS],
  offset: 0,
  bytes: ROWS * rowBytes(dtype, COLUMNS),
});

test("a weight that isn't converted is read as it lies in the file", () => {
  const { source } = sourceOf("q4_0_r8");
  expect(convertedSource(source, placeOf("q4_0_r8"), pool)).toBe(source);
});

test.each(["q4_0", "q4_0_r8", "iq4_nl_r4"] as const)("any rows of %s", async (type) => {
  const { source, values } = sourceOf(type);
  const converted = convertedSource(source, placeOf("f32", type), pool);
  expect(converted).toMatchObject({ dtype: "f32", path: "", bytes: ROWS * COLUMNS * 4 });
  for (const [first, count] of [
    [0, 16],
    [3, 1],
    [5, 9],
    [15, 1],
  ] as const) {
    const bytes = await converted.readRows(first, count);
    const got = new Float32Array(bytes.buffer);
    expect(got).toEqual(values.subarray(first * COLUMNS, (first + count) * COLUMNS));
  }
});
