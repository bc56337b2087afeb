import { expect, test } from "vitest";
import { storageType } from "./storageType.ts";

test.each(["iq4_k", "IQ4_K", "q8_0", "Q6_K", "bf16", "iq1_s", "IQ2_XXS", "q4_k_r4"])(
  "%s is a type",
  (name) => {
    expect(storageType(name)).toBe(name.toLowerCase());
  },
);

test.each([
  ["Q4_K_M", "its main type q4_k"],
  ["ud-q2_k_xl", "its main type q2_k"],
  ["i32", "Give one of f32, f16, bf16, q8_0"],
  ["q9_9", "Give one of"],
])("%s isn't", (name, hint) => {
  expect(() => storageType(name)).toThrow(hint);
});
