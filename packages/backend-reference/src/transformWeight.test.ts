import { deviceId, type TensorSource, type WeightPlace } from "@tensorplan/backend-api";
import { type DType, dtypes, rowBytes, type WeightSource } from "@tensorplan/ir";
import { expect, test } from "vitest";
import { referenceBackend } from "./index.ts";

/** A matrix of a file, in memory. */
function sourceOf(dtype: DType, shape: readonly number[], values: readonly number[]): TensorSource {
  const width = rowBytes(dtype, shape.at(-1) ?? 1);
  const bytes = new Uint8Array((values.length / (shape.at(-1) ?? 1)) * width);
  dtypes[dtype].encode(Float32Array.from(values), bytes, shape.at(-1) ?? 1);
  return {
    name: "kv_b",
    dtype,
    shape,
    bytes: bytes.length,
    path: "",
    offset: 0,
    readRows: async (first, count) => bytes.slice(first * width, (first + count) * width),
  };
}

const placeOf = (source: WeightSource, dtype: DType, shape: readonly number[]): WeightPlace => {
  const rows = shape.slice(0, -1).reduce((product, n) => product * n, 1);
  const bytes = rows * rowBytes(dtype, shape.at(-1) ?? 1);
  return { name: "w", source, dtype, layout: "rows", shape, offset: 64, bytes };
};

async function load(place: WeightPlace, source: TensorSource, signal?: AbortSignal): Promise<number[]> {
  const device = referenceBackend.open(deviceId("reference"), {});
  device.allocate("weights", 64 + place.bytes);
  await device.loadWeight(place, source, signal);
  const bytes = new Uint8Array(place.bytes);
  device.read("weights", 64, bytes);
  expect(device.counters().bytesIn).toBe(0);
  const values = new Float32Array(place.shape.reduce((product, n) => product * n, 1));
  dtypes[place.dtype].decode(bytes, values, place.shape.at(-1) ?? 1);
  return [...values];
}

const count = (n: number) => Array.from({ length: n }, (_, i) => i);

test("a tensor is loaded as it is", async () => {
  const place = placeOf({ kind: "tensor", tensor: "kv_b" }, "f16", [2, 3]);
  expect(await load(place, sourceOf("f16", [2, 3], count(6)))).toEqual(count(6));
});

test("head-rows takes its rows of every head", async () => {
  const take = { heads: 2, groupRows: 3, firstRow: 1, rows: 2 };
  const place = placeOf({ kind: "head-rows", tensor: "kv_b", ...take }, "f32", [2, 2, 2]);
  expect(await load(place, sourceOf("f32", [6, 2], count(12)))).toEqual([2, 3, 4, 5, 8, 9, 10, 11]);
});

test("columns takes the same blocks of every row", async () => {
  const source: WeightSource = { kind: "columns", tensor: "kv_b", firstColumn: 1, columns: 2 };
  expect(await load(placeOf(source, "f16", [2, 2, 2]), sourceOf("f16", [2, 2, 4], count(16)))).toEqual([
    1, 2, 5, 6, 9, 10, 13, 14,
  ]);
  const values = Array.from({ length: 3 * 96 }, (_, i) => Math.sin(i));
  const blocks = sourceOf("q8_0", [3, 96], values);
  const stored = new Float32Array(values.length);
  dtypes.q8_0.decode(await blocks.readRows(0, 3), stored, 96);
  const middle: WeightSource = { ...source, firstColumn: 32, columns: 32 };
  expect(await load(placeOf(middle, "q8_0", [3, 32]), blocks)).toEqual(
    [0, 1, 2].flatMap((row) => [...stored.subarray(row * 96 + 32, row * 96 + 64)]),
  );
});

test("transpose-heads turns each head's matrix, all of it or some of its rows", async () => {
  const whole = placeOf({ kind: "transpose-heads", tensor: "kv_b", heads: 2 }, "bf16", [2, 3, 2]);
  expect(await load(whole, sourceOf("bf16", [2, 2, 3], count(12)))).toEqual([
    0, 3, 1, 4, 2, 5, 6, 9, 7, 10, 8, 11,
  ]);
  const take = { heads: 2, groupRows: 3, firstRow: 0, rows: 2 };
  const some = placeOf({ kind: "transpose-heads", tensor: "kv_b", heads: 2, take }, "f32", [2, 2, 2]);
  expect(await load(some, sourceOf("f32", [6, 2], count(12)))).toEqual([0, 2, 1, 3, 6, 8, 7, 9]);
});

test("transposing a block type gives q8_0", async () => {
  const values = Array.from({ length: 32 * 32 }, (_, i) => Math.sin(i));
  const place = placeOf({ kind: "transpose-heads", tensor: "kv_b", heads: 1 }, "q8_0", [1, 32, 32]);
  const source = sourceOf("iq4_nl", [32, 32], values);
  const stored = new Float32Array(1024);
  dtypes.iq4_nl.decode(await source.readRows(0, 32), stored, 32);
  const turned = await load(place, source);
  for (let i = 0; i < 1024; i++) {
    expect(Math.abs((turned[(i % 32) * 32 + Math.floor(i / 32)] ?? 9) - (stored[i] ?? 9))).toBeLessThan(
      0.005,
    );
  }
});

test.each<[string, WeightSource, DType, readonly number[], string]>([
  [
    "another element type",
    { kind: "tensor", tensor: "kv_b" },
    "f16",
    [6, 2],
    "is planned as f16, but 'kv_b' (f32) gives f32",
  ],
  [
    "too few bytes in the plan",
    { kind: "tensor", tensor: "kv_b" },
    "f32",
    [5, 2],
    "has 40 bytes in the plan, but 'kv_b' gives more",
  ],
  [
    "too many bytes in the plan",
    { kind: "tensor", tensor: "kv_b" },
    "f32",
    [7, 2],
    "has 56 bytes in the plan, but 'kv_b' gives 48",
  ],
  [
    "rows that the tensor doesn't have",
    { kind: "head-rows", tensor: "kv_b", heads: 2, groupRows: 4, firstRow: 0, rows: 2 },
    "f32",
    [4, 2],
    "takes rows 0 to 1 of 2 groups of 4, but 'kv_b' has 6 rows",
  ],
  [
    "columns that the tensor doesn't have",
    { kind: "columns", tensor: "kv_b", firstColumn: 1, columns: 2 },
    "f32",
    [6, 2],
    "takes columns 1 to 2, but rows of 'kv_b' have 2 in blocks of 1",
  ],
])("refuses %s", async (_, source, dtype, shape, message) => {
  await expect(load(placeOf(source, dtype, shape), sourceOf("f32", [6, 2], count(12)))).rejects.toThrow(
    message,
  );
});

test("loading can be cancelled", async () => {
  const place = placeOf({ kind: "tensor", tensor: "kv_b" }, "f32", [6, 2]);
  const signal = AbortSignal.abort(new Error("enough"));
  await expect(load(place, sourceOf("f32", [6, 2], count(12)), signal)).rejects.toThrow("enough");
});

test.each(["iq4_nl_r4", "q4_0_r8"] as const)(
  "parts of groups of interleaved rows are refused: %s",
  async (dtype) => {
    const source = sourceOf(dtype, [16, 32], count(512));
    const rows = { heads: 2, groupRows: 8, firstRow: 2, rows: 4 };
    const some = placeOf({ kind: "head-rows", tensor: "kv_b", ...rows }, dtype, [2, 4, 32]);
    await expect(load(some, source)).rejects.toThrow(
      expect.objectContaining({ code: "weight/interleaved-rows" }),
    );
    const cut = placeOf({ kind: "columns", tensor: "kv_b", firstColumn: 0, columns: 32 }, dtype, [16, 32]);
    await expect(load(cut, source)).rejects.toThrow(expect.objectContaining({ code: "weight/columns" }));
  },
);
