import * as fc from "fast-check";
import { expect, test } from "vitest";
import { axis, concatAxis } from "../axis/axis.ts";
import { evaluateOp, operand } from "../graph/evaluateOp.ts";
import { ropeOp } from "./rope.ts";

const [tokens, dim] = [axis("tokens", 1), axis("dim", 4)];
const run = (values: number[], position: number, attrs: object) => [
  ...(evaluateOp(
    ropeOp,
    { x: operand([tokens, dim], values), positions: operand([tokens], [position], "i32") },
    { style: "interleaved", base: 100, ...attrs },
  ).out?.data ?? []),
];
/** To five digits, so that f32 and f64 results compare. */
const rounded = (values: readonly number[]) => values.map((value) => Math.round(value * 1e5) / 1e5 + 0);

test("turns neighbours when interleaved, and halves against each other in neox style", () => {
  const [c, s, c2, s2] = [Math.cos(3), Math.sin(3), Math.cos(0.3), Math.sin(0.3)];
  expect(rounded(run([1, 0, 0, 1], 3, {}))).toEqual(rounded([c, s, -s2, c2]));
  expect(rounded(run([1, 0, 0, 1], 3, { style: "neox" }))).toEqual(rounded([c, -s2, s, c2]));
});

test("leaves lengths alone and does nothing at position 0", () => {
  const values = fc.array(fc.integer({ min: -9, max: 9 }), { minLength: 4, maxLength: 4 });
  fc.assert(
    fc.property(values, fc.nat(100_000), fc.constantFrom("interleaved", "neox"), (x, position, style) => {
      const squares = (v: readonly number[]) => v.reduce((sum, each) => sum + each * each, 0);
      expect(squares(run(x, position, { style }))).toBeCloseTo(squares(x), 3);
      expect(run(x, 0, { style })).toEqual(x);
    }),
  );
});

test("rotates only the part named, in every head", () => {
  const [heads, nope, rotated] = [axis("heads", 2), axis("nope", 1), axis("rotated", 2)];
  const x = operand([tokens, heads, concatAxis("row", nope, rotated)], [9, 1, 0, 8, 0, 1]);
  const positions = operand([tokens], [1], "i32");
  const attrs = { style: "interleaved", base: 100, part: { name: "rotated", start: 1, size: 2 } };
  const { out } = evaluateOp(ropeOp, { x, positions }, attrs, [rotated]);
  expect(rounded([...(out?.data ?? [])])).toEqual(
    rounded([9, Math.cos(1), Math.sin(1), 8, -Math.sin(1), Math.cos(1)]),
  );
});

test("linear scaling divides positions, and factors divide the pairs' frequencies", () => {
  expect(rounded(run([1, 0, 1, 0], 8, { scaling: { kind: "linear", factor: 4 } }))).toEqual(
    rounded(run([1, 0, 1, 0], 2, {})),
  );
  const factors = operand([axis("pairs", 2)], [2, 1]);
  const operands = {
    x: operand([tokens, dim], [1, 0, 1, 0]),
    positions: operand([tokens], [6], "i32"),
    factors,
  };
  const { out } = evaluateOp(ropeOp, operands, { style: "interleaved", base: 100 });
  expect(rounded([...(out?.data ?? [])])).toEqual(
    rounded([Math.cos(3), Math.sin(3), Math.cos(0.6), Math.sin(0.6)]),
  );
});

test("yarn keeps fast pairs, slows the slow ones, and scales by its magnitude", () => {
  const scaling = {
    kind: "yarn",
    factor: 10,
    originalContext: 1000,
    betaFast: 32,
    betaSlow: 16,
    magnitude: 2,
  };
  // Pair 0 turns 1000/2π ≈ 159 times over the context, pair 1 a tenth of that: 15.9, less than 16.
  expect(rounded(run([1, 0, 1, 0], 3, { scaling }))).toEqual(
    rounded([2 * Math.cos(3), 2 * Math.sin(3), 2 * Math.cos(0.03), 2 * Math.sin(0.03)]),
  );
});

test("refuses an odd axis and positions of other tokens", () => {
  const positions = operand([tokens], [0], "i32");
  const attrs = { style: "neox", base: 100 };
  expect(() => evaluateOp(ropeOp, { x: operand([tokens, axis("odd", 3)]), positions }, attrs)).toThrow(
    "the axis 'odd' has 3 positions, which can't be rotated in pairs",
  );
  expect(() => evaluateOp(ropeOp, { x: operand([axis("rows", 2), dim]), positions }, attrs)).toThrow(
    "x runs over axis 'rows' (2), but positions over axis 'tokens' (1)",
  );
});
