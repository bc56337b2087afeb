import * as fc from "fast-check";
import { expect, test } from "vitest";
import { canonicalJson } from "./canonicalJson.ts";
import { equalJson } from "./equalJson.ts";

const value = fc.letrec((tie) => ({
  any: fc.oneof(
    { depthSize: "small" },
    fc.constantFrom(null, true, "", "a", 0, -0, 1),
    fc.array(tie("any"), { maxLength: 3 }),
    fc.dictionary(fc.constantFrom("a", "b", "toString"), fc.oneof(tie("any"), fc.constant(undefined))),
  ),
})).any;

test("equal means: the same canonical JSON", () => {
  fc.assert(
    fc.property(value, value, (a, b) => {
      expect(equalJson(a, b)).toBe(canonicalJson(a) === canonicalJson(b));
      expect(equalJson(a, structuredClone(a))).toBe(true);
    }),
    { numRuns: 500 },
  );
});
