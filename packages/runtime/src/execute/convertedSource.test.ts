import type { TensorSource, WeightPlace } from "@tensorplan/backend-api";
import { type DType, dtypes, rowBytes } from "@tensorplan/ir";
import { expect, test } from "vitest";
import { convertedSource } from "./convertedSource.ts";

const ROWS = 16;
const COLUMNS = 64;

/** A matrix of bytes that mean something in every type of eight interleaved rows: scales of 1, codes that count. */
function sourceOf(dtype: DType): { source: TensorSource; values: Float32Array; asked: [number, number][] } {
  const width = rowBytes(dtype, COLUMNS);
  const bytes = Uint8Array.from({ length: ROWS * width }, (_, i) => (i * 7) % 31);
  const values = new Float32Array(ROWS * COLUMNS);
  dtypes[dtype].decode(bytes, values, COLUMNS);
  const asked: [number, number][] = [];
  const readRows = async (first: number, count: number) => {
    asked.push([first, count]);
    return bytes.slice(first * width, (first + count) * width);
  };
  const shape = [ROWS, COLUMNS];
  return {
    source: { name: "w", dtype, shape, bytes: bytes.length, path: "f", offset: 9, readRows },
    values,
    asked,
  };
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
  expect(convertedSource(source, placeOf("q4_0_r8"))).toBe(source);
});

test.each(["q4_0", "q4_0_r8", "iq4_nl_r4"] as const)(
  "any rows of %s, whole groups of them read",
  async (type) => {
    const { source, values, asked } = sourceOf(type);
    const converted = convertedSource(source, placeOf("f32", type));
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
    const { rowsTogether = 1 } = dtypes[type];
    expect(asked.filter(([first, count]) => (first % rowsTogether) + (count % rowsTogether) > 0)).toEqual([]);
  },
);
