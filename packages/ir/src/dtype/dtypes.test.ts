import * as fc from "fast-check";
import { expect, test } from "vitest";
import { bf16ToNumber, halfToNumber, numberToBf16, numberToHalf } from "./half.ts";
import { dtypeByGgmlId, dtypeNames, dtypes, hasCodec, isDType, isReadable, rowBytes } from "./index.ts";

const roundTrip = (name: keyof typeof dtypes, values: Float32Array): Float32Array => {
  const bytes = new Uint8Array(rowBytes(name, values.length));
  dtypes[name].encode(values, bytes, values.length);
  const back = new Float32Array(values.length);
  dtypes[name].decode(bytes, back, values.length);
  return back;
};
const rows = fc
  .array(fc.float({ min: -1000, max: 1000, noNaN: true }), { minLength: 64, maxLength: 64 })
  .map((values) => Float32Array.from(values));

test.each(dtypeNames)("%s has a size and a GGUF id of its own", (name) => {
  expect(dtypeByGgmlId(dtypes[name].ggmlTypeId)).toBe(dtypes[name]);
  const { blockSize, blockBytes, rowPrefix = 0 } = dtypes[name];
  expect(rowBytes(name, 512)).toBe(rowPrefix + (512 / blockSize) * blockBytes);
});

// What the formats' own writers make of rows of 512 values.
test.each([
  ["q4_0", 288],
  ["q4_k", 288],
  ["q5_k", 352],
  ["q6_k", 420],
  ["iq4_xs", 272],
  ["q6_0", 416],
  ["iq2_k", 152],
  ["iq4_k", 288],
  ["iq6_k", 424],
  ["iq4_ks", 276],
  ["iq2_ks", 142],
  ["iq4_kss", 260],
  ["iq5_ks", 340],
  ["iq3_ks", 206],
  ["q8_kv", 520],
  ["iq4_nl_r4", 288],
  ["q8_k_r8", 516],
] as const)("a row of 512 values in %s takes %i bytes", (name, bytes) => {
  expect(rowBytes(name, 512)).toBe(bytes);
});

test("types whose values can't be read say so", () => {
  expect(hasCodec("iq4_nl")).toBe(true);
  expect(hasCodec("iq4_ks")).toBe(false);
  expect([isReadable("iq4_ks"), dtypes.iq4_ks.writable]).toEqual([true, false]);
  expect(isReadable("iq2_xxs")).toBe(false);
  expect(() => dtypes.iq2_xxs.decode(new Uint8Array(66), new Float32Array(256), 256)).toThrow(
    "values of iq2_xxs can't be read or written yet",
  );
  expect(() => dtypes.iq4_ks.encode(new Float32Array(256), new Uint8Array(140), 256)).toThrow(
    expect.objectContaining({ code: "dtype/no-encoder" }),
  );
});

// Not iq4_nl: its encoder searches for a scale.
test.each(["f32", "f16", "bf16", "q8_0"] as const)(
  "%s: encoding what was decoded changes nothing",
  (name) => {
    fc.assert(
      fc.property(rows, (values) => {
        const once = roundTrip(name, values);
        expect(roundTrip(name, once)).toEqual(once);
      }),
    );
  },
);

test("every half converts to a number and back to the same bits, NaN to a quiet NaN", () => {
  const changed: string[] = [];
  for (let bits = 0; bits < 65536; bits++) {
    const [half, brain] = [halfToNumber(bits), bf16ToNumber(bits)];
    const halfBack = numberToHalf(half);
    const halfKept = Number.isNaN(half) ? Number.isNaN(halfToNumber(halfBack)) : halfBack === bits;
    const brainBack = numberToBf16(brain);
    const brainKept = Number.isNaN(brain) ? Number.isNaN(bf16ToNumber(brainBack)) : brainBack === bits;
    if (!halfKept || !brainKept) changed.push(bits.toString(16));
  }
  expect(changed).toEqual([]);
});

test("halves round to nearest, ties to even, and overflow to infinity", () => {
  expect(halfToNumber(numberToHalf(1 + 2 ** -11))).toBe(1);
  expect(halfToNumber(numberToHalf(1 + 3 * 2 ** -11))).toBe(1 + 2 ** -9);
  expect(halfToNumber(numberToHalf(65519))).toBe(65504);
  expect(halfToNumber(numberToHalf(65520))).toBe(Number.POSITIVE_INFINITY);
  expect(halfToNumber(numberToHalf(2 ** -25))).toBe(0);
  expect(halfToNumber(numberToHalf(2 ** -25 * 1.01))).toBe(2 ** -24);
  expect(bf16ToNumber(numberToBf16(1 + 2 ** -8))).toBe(1);
  expect(bf16ToNumber(numberToBf16(1 + 3 * 2 ** -8))).toBe(1 + 2 ** -6);
});

test("q8_0 is off by at most half a step of its block's largest value", () => {
  fc.assert(
    fc.property(rows, (values) => {
      const back = roundTrip("q8_0", values);
      for (let block = 0; block < 64; block += 32) {
        const part = values.subarray(block, block + 32);
        const largest = part.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
        // Half a step, and the scale's own rounding to f16 (2⁻¹¹ of it, subnormal below 2⁻¹⁴).
        const most = largest / 254 + largest * 2 ** -11 + 127 * 2 ** -25;
        part.forEach((value, i) => {
          expect(Math.abs(value - (back[block + i] ?? Number.NaN))).toBeLessThanOrEqual(most * 1.0001);
        });
      }
    }),
  );
});

test("iq4_nl keeps blocks of its own levels nearly as they are", () => {
  const levels = [-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113];
  const values = Float32Array.from({ length: 32 }, (_, i) => (levels[(i * 7) % 16] ?? 0) / 64);
  const back = roundTrip("iq4_nl", values);
  values.forEach((value, i) => {
    expect(back[i]).toBeCloseTo(value, 2);
  });
});

test("refuses rows that end inside a block", () => {
  expect(() => rowBytes("q8_0", 33)).toThrow(
    "a row of 33 values can't be stored as q8_0, whose blocks hold 32",
  );
  expect(isDType("f64")).toBe(false);
});
