import * as fc from "fast-check";
import { expect, test } from "vitest";
import { axis } from "../axis/axis.ts";
import { evaluateOp, operand } from "../graph/evaluateOp.ts";
import { pagedValuesOp } from "./pagedValues.ts";
import { pagedStep } from "./support/pagedStep.ts";

const [heads, row, slots, context] = [
  axis("heads", 1),
  axis("row", 2),
  axis("slots", 64),
  axis("context", 64),
];
const { tokens, operands } = pagedStep([{ pages: [0], positions: [1] }]);
const cache = operand([slots, row], [1, 2, 3, 4, ...Array(124).fill(Number.NaN)]);
const run = (weights: readonly number[], attrs: object = {}) =>
  evaluateOp(
    pagedValuesOp,
    {
      p: operand([tokens, heads, context], [...weights, ...Array(64 - weights.length).fill(0)]),
      v: cache,
      ...operands,
    },
    attrs,
    [axis("second", 1)],
  ).out ?? { shape: [], data: [] };

test("sums the rows that the token may see by their weights", () => {
  expect([...run([0.5, 2]).data]).toEqual([6.5, 9]);
});

test("sums only a part of the rows when told so", () => {
  const out = run([0.5, 2], { values: { name: "second", start: 1, size: 1 } });
  expect([out.shape, [...out.data]]).toEqual([[1, 1, 1], [9]]);
});

test("weights for rows that the token may not see count for nothing", () => {
  fc.assert(
    fc.property(fc.integer({ min: -9, max: 9 }), fc.integer({ min: -9, max: 9 }), (a, later) => {
      expect(run([a, 1, later]).data).toEqual(run([a, 1]).data);
    }),
  );
});
