import * as fc from "fast-check";
import { expect, test } from "vitest";
import { axis, productAxis } from "../axis/axis.ts";
import { evaluateOp, operand } from "../graph/evaluateOp.ts";
import { mergeOp } from "./merge.ts";
import { splitOp } from "./split.ts";

const [tokens, heads, dim] = [axis("tokens", 1), axis("heads", 2), axis("dim", 3)];
const all = productAxis("all", heads, dim);
const into = ["heads", "dim"];

test("sees a row as heads without moving anything", () => {
  const x = operand([tokens, all], [1, 2, 3, 4, 5, 6]);
  const { out } = evaluateOp(splitOp, { x }, { into }, [heads, dim]);
  expect(out?.shape).toEqual([1, 2, 3]);
  expect(out?.data).toBe(x.tensor.data);
});

test("merge undoes it", () => {
  fc.assert(
    fc.property(fc.array(fc.integer(), { minLength: 6, maxLength: 6 }), (v) => {
      const x = operand([tokens, all], v);
      const apart = operand(
        [tokens, heads, dim],
        evaluateOp(splitOp, { x }, { into }, [heads, dim]).out?.data,
      );
      const { out } = evaluateOp(mergeOp, { x: apart }, { into: "all" }, [all]);
      expect(out).toEqual(x.tensor);
    }),
  );
});

test("refuses factors whose product is another size", () => {
  expect(() =>
    evaluateOp(splitOp, { x: operand([tokens, all]) }, { into: ["heads", "tokens"] }, [heads]),
  ).toThrow("heads=2 × tokens=1 isn't all=6");
});
