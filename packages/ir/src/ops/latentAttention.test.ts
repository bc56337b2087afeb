import * as fc from "fast-check";
import { expect, test } from "vitest";
import { axis, concatAxis } from "../axis/axis.ts";
import { evaluateOp, operand } from "../graph/evaluateOp.ts";
import { latentAttentionOp } from "./latentAttention.ts";
import { pagedStep } from "./support/pagedStep.ts";

const [heads, latent, rope, slots] = [
  axis("heads", 1),
  axis("latent", 1),
  axis("rope", 1),
  axis("slots", 64),
];
const row = concatAxis("row", latent, rope);
const attrs = { scale: 1, values: { name: "latent", start: 0, size: 1 } };

const run = (q: readonly number[], rows: readonly number[], scale = 1) => {
  const { tokens, operands } = pagedStep([{ pages: [0], positions: [1] }]);
  const cache = operand([slots, row], [...rows, ...Array(124).fill(Number.NaN)]);
  return evaluateOp(
    latentAttentionOp,
    { q: operand([tokens, heads, row], q), cache, ...operands },
    { ...attrs, scale },
    [latent],
  ).out?.data[0];
};

test("scores whole rows and sums their latent part", () => {
  // Rows [4 | 0] and [8 | ln 3]: the query looks at the rope part only.
  expect(run([0, 1], [4, 0, 8, Math.log(3)])).toBeCloseTo(7, 5);
});

test("a query of zeros takes the mean, whatever the scale", () => {
  const small = fc.float({ min: -8, max: 8, noNaN: true });
  fc.assert(
    fc.property(small, small, small, small, (a, b, c, d) => {
      expect(run([0, 0], [a, b, c, d], a)).toBeCloseTo((a + c) / 2, 4);
    }),
  );
});
