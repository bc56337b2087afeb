import * as fc from "fast-check";
import { expect, test } from "vitest";
import { axis, concatAxis } from "../axis/axis.ts";
import { evaluateOp, operand } from "../graph/evaluateOp.ts";
import { mlaDecompressedAttentionOp } from "./mlaDecompressedAttention.ts";
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
    k_up: operand([heads, nope, latent], kUp),
    v_b: operand([heads, value, latent], vB),
    ...operands,
  };
  return [...(evaluateOp(mlaDecompressedAttentionOp, all, attrs).out?.data ?? [])];
};

test("rebuilds each head's keys and values from the latent rows", () => {
  // Rows [c | r]: [4 | 0], [8 | ln 3]. Head 0 looks at r (weights 1/4, 3/4), head 1 at c·ln(3)/4 (ln 3 apart: 1/4, 3/4).
  const [a = 0, b = 0] = run([0, 1, 1, 0], [4, 0, 8, Math.log(3)], [1, Math.log(3) / 4], [1, 10]);
  expect(a).toBeCloseTo(7, 5);
  expect(b).toBeCloseTo(70, 4);
});

test("is linear in the value weights", () => {
  const numbers = fc.array(fc.integer({ min: -3, max: 3 }), { minLength: 12, maxLength: 12 });
  fc.assert(
    fc.property(numbers, (v) => {
      const [q, rows, kUp, vB] = [v.slice(0, 4), v.slice(4, 8), v.slice(8, 10), v.slice(10)];
      const doubled = run(
        q,
        rows,
        kUp,
        vB.map((each) => 2 * each),
      );
      run(q, rows, kUp, vB).forEach((each, i) => {
        expect(doubled[i]).toBeCloseTo(2 * each, 4);
      });
    }),
  );
});
