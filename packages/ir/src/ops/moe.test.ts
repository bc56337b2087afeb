import * as fc from "fast-check";
import { expect, test } from "vitest";
import { axis } from "../axis/axis.ts";
import { evaluateOp, operand } from "../graph/evaluateOp.ts";
import { moeOp } from "./moe.ts";

const [tokens, used, experts, embd, hidden] = [
  axis("tokens", 1),
  axis("used", 2),
  axis("experts", 2),
  axis("embd", 1),
  axis("hidden", 1),
];
const silu = (x: number) => x / (1 + Math.exp(-x));

const run = (x: number, ids: readonly number[], weights: readonly number[]) =>
  evaluateOp(moeOp, {
    x: operand([tokens, embd], [x]),
    ids: operand([tokens, used], ids, "i32"),
    weights: operand([tokens, used], weights),
    gate: operand([experts, hidden, embd], [1, 2]),
    up: operand([experts, hidden, embd], [3, 4]),
    down: operand([experts, embd, hidden], [5, 6]),
  }).out?.data[0];

test("adds the chosen experts' gated units by their weights", () => {
  const [first, second] = [5 * silu(2) * 6, 6 * silu(4) * 8];
  expect(run(2, [1, 0], [0.5, 0.25])).toBeCloseTo(0.5 * second + 0.25 * first, 3);
});

test("doesn't depend on the order of the choices beyond rounding", () => {
  const small = fc.float({ min: -2, max: 2, noNaN: true });
  fc.assert(
    fc.property(small, small, small, (x, a, b) => {
      expect(run(x, [0, 1], [a, b])).toBeCloseTo(run(x, [1, 0], [b, a]) ?? Number.NaN, 3);
    }),
  );
});
