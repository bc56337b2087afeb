import { type DType, dtypeNames, dtypes, rowBytes } from "@tensorplan/ir";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { COLUMNS, readSource, readVectors } from "./vectors.ts";

const source = readSource();
const writable = readVectors().filter(({ type }) => dtypes[type].writable);

const stored = (type: DType, values: Float32Array, columns: number): Float32Array => {
  const bytes = new Uint8Array((values.length / columns) * rowBytes(type, columns));
  dtypes[type].encode(values, bytes, columns);
  const back = new Float32Array(values.length);
  dtypes[type].decode(bytes, back, columns);
  return back;
};

/** Root mean square error relative to the values. */
function relativeError(values: Float32Array, back: Float32Array): number {
  let [error, norm] = [0, 0];
  values.forEach((value, i) => {
    error += (value - (back[i] as number)) ** 2;
    norm += value * value;
  });
  return Math.sqrt(error / norm);
}

test("the types that can be written", () => {
  expect(dtypeNames.filter((name) => dtypes[name].writable)).toEqual(
    (
      "f32 f16 bf16 i32 q8_0 iq4_nl q4_0 q4_k q5_k q6_k iq4_xs iq4_k " +
      "q4_0_r8 q8_0_r8 q4_k_r4 q5_k_r4 q6_k_r4 iq4_nl_r4 iq4_xs_r8 iq4_k_r4"
    ).split(" "),
  );
});

describe.each(writable)("$type", ({ type, rms }) => {
  test("the error is at most 2 % above that of the format's own quantiser", () => {
    expect(relativeError(source, stored(type, source, COLUMNS))).toBeLessThanOrEqual(rms * 1.02);
  });

  test("zeros, the tiniest, a single value and equal values don't break it", () => {
    const rows = 8;
    const columns = Math.max(256, dtypes[type].blockSize);
    const fill = (value: (i: number) => number) =>
      Float32Array.from({ length: rows * columns }, (_, i) => value(i));
    expect(
      stored(
        type,
        fill(() => 0),
        columns,
      ).every((value) => value === 0),
    ).toBe(true);
    for (const values of [fill(() => 1e-42), fill((i) => (i % 2 ? -1e-9 : 1e-9))]) {
      expect(stored(type, values, columns).every((value) => Math.abs(value) < 1e-6)).toBe(true);
    }
    const single = stored(
      type,
      fill((i) => (i % columns === 7 ? -3 : 0)),
      columns,
    );
    expect(single[7]).toBeCloseTo(-3, 1);
    for (const constant of [2, -2]) {
      expect(
        relativeError(
          fill(() => constant),
          stored(
            type,
            fill(() => constant),
            columns,
          ),
        ),
      ).toBeLessThan(0.02);
    }
  });
});

const pairs = [
  ["q4_0", "q4_0_r8"],
  ["q8_0", "q8_0_r8"],
  ["q4_k", "q4_k_r4"],
  ["q5_k", "q5_k_r4"],
  ["q6_k", "q6_k_r4"],
  ["iq4_nl", "iq4_nl_r4"],
  ["iq4_xs", "iq4_xs_r8"],
  ["iq4_k", "iq4_k_r4"],
] as const;

test.each(pairs)("%s and %s hold the same values for the same rows", (plain, interleaved) => {
  const rows = fc.array(fc.float({ min: -8, max: 8, noNaN: true }), { minLength: 256, maxLength: 256 });
  fc.assert(
    fc.property(rows, (row) => {
      const values = Float32Array.from(
        { length: 8 * 256 },
        (_, i) => (row[i % 256] as number) * (1 + (i >> 8)),
      );
      expect(stored(interleaved, values, 256)).toEqual(stored(plain, values, 256));
    }),
    { numRuns: 3 },
  );
});
