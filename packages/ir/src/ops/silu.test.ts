import * as fc from "fast-check";
import { expect, test } from "vitest";
import { axis } from "../axis/axis.ts";
import { evaluateOp, operand } from "../graph/evaluateOp.ts";
import { siluOp } from "./silu.ts";

const silu = (x: number) =>
  evaluateOp(siluOp, { x: operand([axis("embd", 1)], [x]) }).out?.data[0] ?? Number.NaN;

test("is x times its sigmoid", () => {
  expect(silu(0)).toBe(0);
  expect(silu(2)).toBeCloseTo(2 / (1 + Math.exp(-2)), 6);
});

test("silu(x) − silu(−x) is x", () => {
  fc.assert(
    fc.property(fc.float({ min: -50, max: 50, noNaN: true }), (x) => {
      expect(silu(x) - silu(-x)).toBeCloseTo(x, 4);
    }),
  );
});
