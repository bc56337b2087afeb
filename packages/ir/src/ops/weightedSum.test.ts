import * as fc from "fast-check";
import { expect, test } from "vitest";
import { axis } from "../axis/axis.ts";
import { evaluateOp, operand } from "../graph/evaluateOp.ts";
import { weightedSumOp } from "./weightedSum.ts";

const [tokens, used, embd] = [axis("tokens", 1), axis("used", 2), axis("embd", 2)];
const run = (x: readonly number[], weights: readonly number[]) => [
  ...(evaluateOp(weightedSumOp, {
    x: operand([tokens, used, embd], x),
    weights: operand([tokens, used], weights),
  }).out?.data ?? []),
];

test("adds the rows of each token by their weights", () => {
  expect(run([1, 2, 3, 4], [10, 1])).toEqual([13, 24]);
});

test("a weight of 1 and none else picks that row", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: -99, max: 99 }), { minLength: 4, maxLength: 4 }), (x) => {
      expect(run(x, [0, 1]).map((v) => v + 0)).toEqual(x.slice(2).map((v) => v + 0));
    }),
  );
});
