import * as fc from "fast-check";
import { expect, test } from "vitest";
import { firstWhere } from "./firstWhere.ts";

test("finds what a search from the front finds", () => {
  fc.assert(
    fc.property(fc.array(fc.nat(20), { maxLength: 30 }), fc.nat(21), (numbers, least) => {
      const sorted = [...numbers].sort((a, b) => a - b);
      expect(firstWhere(sorted, (n) => n >= least)).toBe(sorted.find((n) => n >= least));
    }),
  );
});
