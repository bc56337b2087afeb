import * as fc from "fast-check";
import { expect, test } from "vitest";
import { axis } from "../axis/axis.ts";
import { evaluateOp, operand } from "../graph/evaluateOp.ts";
import { expertMatmulOp } from "./expertMatmul.ts";

const [tokens, used, experts, k, n] = [
  axis("tokens", 1),
  axis("used", 2),
  axis("experts", 3),
  axis("k", 2),
  axis("n", 1),
];
const w = operand([experts, n, k], [1, 0, 0, 1, 1, 1]);
const ids = operand([tokens, used], [2, 0], "i32");

test("multiplies by the chosen experts' weights", () => {
  const { out } = evaluateOp(expertMatmulOp, { x: operand([tokens, k], [3, 4]), w, ids });
  expect(out).toEqual({ dtype: "f32", shape: [1, 2, 1], data: Float32Array.of(7, 3) });
});

test("takes a row for each choice when x has the used axis", () => {
  const { out } = evaluateOp(expertMatmulOp, { x: operand([tokens, used, k], [3, 4, 5, 6]), w, ids });
  expect([...(out?.data ?? [])]).toEqual([7, 5]);
});

test("a row shared by all choices is the row repeated", () => {
  const numbers = fc.array(fc.integer({ min: -9, max: 9 }), { minLength: 2, maxLength: 2 });
  fc.assert(
    fc.property(numbers, fc.nat(2), fc.nat(2), (x, a, b) => {
      const chosen = operand([tokens, used], [a, b], "i32");
      const shared = evaluateOp(expertMatmulOp, { x: operand([tokens, k], x), w, ids: chosen }).out;
      const repeated = evaluateOp(expertMatmulOp, {
        x: operand([tokens, used, k], [...x, ...x]),
        w,
        ids: chosen,
      }).out;
      expect(shared).toEqual(repeated);
    }),
  );
});
