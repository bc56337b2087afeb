import * as fc from "fast-check";
import { expect, test } from "vitest";
import { axis, concatAxis } from "../axis/axis.ts";
import { evaluateOp, operand } from "../graph/evaluateOp.ts";
import { mlaAbsorbQueryOp } from "./mlaAbsorbQuery.ts";

const [tokens, heads, nope, rope, latent] = [
  axis("tokens", 1),
  axis("heads", 2),
  axis("nope", 1),
  axis("rope", 1),
  axis("latent", 2),
];
const [query, row] = [concatAxis("query", nope, rope), concatAxis("row", latent, rope)];
const attrs = {
  nope: { name: "nope", start: 0, size: 1 },
  rope: { name: "rope", start: 1, size: 1 },
  axis: "row",
};
const run = (q: readonly number[], w: readonly number[]) => [
  ...(evaluateOp(
    mlaAbsorbQueryOp,
    { q: operand([tokens, heads, query], q), w: operand([heads, latent, nope], w) },
    attrs,
    [rope, row],
  ).out?.data ?? []),
];

test("maps the nope part into the latent space by each head's weight and keeps the rope part", () => {
  expect(run([2, 7, 3, 8], [1, 10, 100, 1000])).toEqual([2, 20, 7, 300, 3000, 8]);
});

test("never touches the rope part", () => {
  const numbers = fc.array(fc.integer({ min: -99, max: 99 }), { minLength: 8, maxLength: 8 });
  fc.assert(
    fc.property(numbers, (v) => {
      const out = run(v.slice(0, 4), v.slice(4));
      expect([out[2], out[5]]).toEqual([v[1], v[3]]);
    }),
  );
});

test("refuses a row that isn't as long as latent and rope together", () => {
  const operands = { q: operand([tokens, heads, query]), w: operand([heads, latent, nope]) };
  expect(() =>
    evaluateOp(mlaAbsorbQueryOp, operands, { ...attrs, axis: "short" }, [rope, axis("short", 2)]),
  ).toThrow("the new query's axis 'short' has 2 positions, but 3 are needed");
});
