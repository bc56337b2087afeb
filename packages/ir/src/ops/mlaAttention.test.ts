import * as fc from "fast-check";
import { expect, test } from "vitest";
import { axis, concatAxis } from "../axis/axis.ts";
import { evaluateOp, operand } from "../graph/evaluateOp.ts";
import { mlaAttentionOp } from "./mlaAttention.ts";
import { pagedStep } from "./support/pagedStep.ts";

const [heads, nope, rope, latent, value, slots] = [
  axis("heads", 2),
  axis("nope", 1),
  axis("rope", 1),
  axis("latent", 1),
  axis("value", 1),
  axis("slots", 64),
];
const [query, row] = [concatAxis("query", nope, rope), concatAxis("row", latent, rope)];
const attrs = {
  scale: 1,
  nope: { name: "nope", start: 0, size: 1 },
  rope: { name: "rope", start: 1, size: 1 },
  latent: { name: "latent", start: 0, size: 1 },
};

const run = (
  q: readonly number[],
  rows: readonly number[],
  kUp: readonly number[],
  vB: readonly number[],
) => {
  const { tokens, operands } = pagedStep([{ pages: [0], positions: [1] }]);
  const all = {
    q: operand([tokens, heads, query], q),
    cache: operand([slots, row], [...rows, ...Array(124).fill(Number.NaN)]),
    k_b: operand([heads, latent, nope]),
    k_up: operand([heads, nope, latent], kUp),
    v_b: operand([heads, value, latent], vB),
    ...operands,
  };
  return [...(evaluateOp(mlaAttentionOp, all, attrs).out?.data ?? [])];
};

test("attends with keys and values made from the latent rows", () => {
  const [a = 0, b = 0] = run([0, 1, 1, 0], [4, 0, 8, Math.log(3)], [1, Math.log(3) / 4], [1, 10]);
  expect(a).toBeCloseTo(7, 5);
  expect(b).toBeCloseTo(70, 4);
});

test("lies between the smallest and the largest value", () => {
  const numbers = fc.array(fc.integer({ min: -3, max: 3 }), { minLength: 10, maxLength: 10 });
  fc.assert(
    fc.property(numbers, (v) => {
      const rows = v.slice(4, 8);
      const [low, high] = [Math.min(rows[0] ?? 0, rows[2] ?? 0), Math.max(rows[0] ?? 0, rows[2] ?? 0)];
      for (const each of run(v.slice(0, 4), rows, v.slice(8), [1, 1])) {
        expect(each).toBeGreaterThanOrEqual(low - 1e-5);
        expect(each).toBeLessThanOrEqual(high + 1e-5);
      }
    }),
  );
});

test("refuses a k_b that isn't the transpose of k_up", () => {
  const { tokens, operands } = pagedStep([{ pages: [0], positions: [1] }]);
  const all = {
    q: operand([tokens, heads, query]),
    cache: operand([slots, row]),
    k_b: operand([heads, nope, latent]),
    k_up: operand([heads, nope, latent]),
    v_b: operand([heads, value, latent]),
    ...operands,
  };
  expect(() => evaluateOp(mlaAttentionOp, all, attrs)).toThrow(
    "k_b reads axis 'latent' (1), but k_up makes axis 'nope' (1)",
  );
});
