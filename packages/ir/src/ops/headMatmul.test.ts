import * as fc from "fast-check";
import { expect, test } from "vitest";
import { axis } from "../axis/axis.ts";
import { evaluateOp, operand } from "../graph/evaluateOp.ts";
import { headMatmulOp } from "./headMatmul.ts";
import { matmulOp } from "./matmul.ts";

const [tokens, heads, k, n] = [axis("tokens", 2), axis("heads", 2), axis("k", 2), axis("n", 1)];

test("uses each head's own weight", () => {
  const { out } = evaluateOp(headMatmulOp, {
    x: operand([tokens, heads, k], [1, 2, 3, 4, 5, 6, 7, 8]),
    w: operand([heads, n, k], [1, 0, 0, 10]),
  });
  expect(out).toEqual({ dtype: "f32", shape: [2, 2, 1], data: Float32Array.of(1, 40, 5, 80) });
});

test("with one head it is matmul", () => {
  const [one, many] = [axis("one", 1), axis("many", 3)];
  const numbers = fc.array(fc.float({ min: -9, max: 9, noNaN: true }), { minLength: 10, maxLength: 10 });
  fc.assert(
    fc.property(numbers, (v) => {
      const [x, w] = [v.slice(0, 4), v.slice(4)];
      const apart = evaluateOp(headMatmulOp, {
        x: operand([tokens, one, k], x),
        w: operand([one, many, k], w),
      }).out;
      const whole = evaluateOp(matmulOp, { x: operand([tokens, k], x), w: operand([many, k], w) }).out;
      expect(apart?.data).toEqual(whole?.data);
    }),
  );
});

test("refuses weights of other heads", () => {
  const w = operand([axis("kv_heads", 2), n, k]);
  expect(() => evaluateOp(headMatmulOp, { x: operand([tokens, heads, k]), w })).toThrow(
    "x has axis 'heads' (2), but w has axis 'kv_heads' (2)",
  );
});
