import { hostTensor } from "@tensorplan/ir";
import { expect, test } from "vitest";
import { relativeDifference, toleranceFor } from "./difference.ts";

const floats = (...values: readonly number[]) => hostTensor("f32", [values.length], values);
const whole = (...values: readonly number[]) => hostTensor("i32", [values.length], values);

test("an error counts against the root mean square of what is wanted", () => {
  expect(relativeDifference(floats(3, 4), floats(3, 4))).toBe(0);
  expect(relativeDifference(floats(2, 2.5), floats(2, 2))).toBe(0.25);
});

test("infinities, not-a-number and whole numbers must be the same", () => {
  const none = Number.NEGATIVE_INFINITY;
  expect(relativeDifference(floats(none, 1), floats(none, 1))).toBe(0);
  expect(relativeDifference(floats(-1e30, 1), floats(none, 1))).toBe(Number.POSITIVE_INFINITY);
  expect(relativeDifference(floats(Number.NaN), floats(1))).toBe(Number.POSITIVE_INFINITY);
  expect(relativeDifference(whole(1000, 2), whole(1000, 1))).toBe(Number.POSITIVE_INFINITY);
});

test("the coarsest operand decides the tolerance", () => {
  const tolerance = { f32: 1, half: 2, block: 3 };
  expect(toleranceFor(tolerance, ["f32", "i32"])).toBe(1);
  expect(toleranceFor(tolerance, ["f32", "bf16"])).toBe(2);
  expect(toleranceFor(tolerance, ["f32", "bf16", "q8_0"])).toBe(3);
});
