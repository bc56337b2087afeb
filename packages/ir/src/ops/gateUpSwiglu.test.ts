import * as fc from "fast-check";
import { expect, test } from "vitest";
import { axis } from "../axis/axis.ts";
import { evaluateOp, operand } from "../graph/evaluateOp.ts";
import { gateUpSwigluOp } from "./gateUpSwiglu.ts";
import { matmulOp } from "./matmul.ts";
import { swigluOp } from "./swiglu.ts";

const [tokens, k, n] = [axis("tokens", 1), axis("k", 2), axis("n", 2)];

test("gates the second product by the first", () => {
  const { out } = evaluateOp(gateUpSwigluOp, {
    x: operand([tokens, k], [1, 2]),
    gate: operand([n, k], [0, 0, 1, 0]),
    up: operand([n, k], [5, 5, 1, 1]),
  });
  expect(out?.data[0]).toBe(0);
  expect(out?.data[1]).toBeCloseTo((3 * 1) / (1 + Math.exp(-1)), 6);
});

test("equals two matmuls and a swiglu", () => {
  const numbers = fc.array(fc.float({ min: -3, max: 3, noNaN: true }), { minLength: 10, maxLength: 10 });
  fc.assert(
    fc.property(numbers, (v) => {
      const x = operand([tokens, k], v.slice(0, 2));
      const [gate, up] = [operand([n, k], v.slice(2, 6)), operand([n, k], v.slice(6))];
      const product = (w: typeof gate) => operand([tokens, n], evaluateOp(matmulOp, { x, w }).out?.data);
      const apart = evaluateOp(swigluOp, { gate: product(gate), up: product(up) }).out?.data ?? [];
      const fused = evaluateOp(gateUpSwigluOp, { x, gate, up }).out?.data ?? [];
      fused.forEach((value, i) => {
        expect(value).toBeCloseTo(apart[i] ?? Number.NaN, 4);
      });
    }),
  );
});

test("refuses halves that are stored differently", () => {
  const operands = { x: operand([tokens, k]), gate: operand([n, k], undefined, "f16"), up: operand([n, k]) };
  expect(() => evaluateOp(gateUpSwigluOp, operands)).toThrow("gate is stored as f16, but up as f32");
});
