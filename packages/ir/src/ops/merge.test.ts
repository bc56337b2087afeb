import * as fc from "fast-check";
import { expect, test } from "vitest";
import { axis, productAxis } from "../axis/axis.ts";
import { evaluateOp, operand } from "../graph/evaluateOp.ts";
import { mergeOp } from "./merge.ts";

const [tokens, heads, dim] = [axis("tokens", 2), axis("heads", 2), axis("dim", 2)];
const all = productAxis("all", heads, dim);

test("sees heads as one row without moving anything", () => {
  const x = operand([tokens, heads, dim], [1, 2, 3, 4, 5, 6, 7, 8]);
  const { out } = evaluateOp(mergeOp, { x }, { into: "all" }, [all]);
  expect(out?.shape).toEqual([2, 4]);
  expect(out?.data).toBe(x.tensor.data);
});

test("works for every element type", () => {
  fc.assert(
    fc.property(fc.constantFrom("f32", "f16", "bf16", "i32"), (dtype) => {
      const { out } = evaluateOp(
        mergeOp,
        { x: operand([heads, dim], [1, 2, 3, 4], dtype) },
        { into: "all" },
        [all],
      );
      expect(out?.dtype).toBe(dtype);
    }),
  );
});

test("refuses an axis of another size", () => {
  expect(() =>
    evaluateOp(mergeOp, { x: operand([tokens, heads, dim]) }, { into: "five" }, [axis("five", 5)]),
  ).toThrow("heads=2 × dim=2 isn't five=5");
});
