import * as fc from "fast-check";
import { expect, test } from "vitest";
import { axis } from "../axis/axis.ts";
import { evaluateOp, operand } from "../graph/evaluateOp.ts";
import { addRmsNormOp } from "./addRmsNorm.ts";
import { rmsNormOp } from "./rmsNorm.ts";

const [tokens, embd] = [axis("tokens", 2), axis("embd", 2)];

test("gives the sum and its norm", () => {
  const { sum, out } = evaluateOp(
    addRmsNormOp,
    {
      a: operand([tokens, embd], [1, 2, 0, 0]),
      b: operand([tokens, embd], [2, 2, 5, 5]),
      weight: operand([embd], [1, 1]),
    },
    { eps: 0 },
  );
  expect([...(sum?.data ?? [])]).toEqual([3, 4, 5, 5]);
  expect(out?.data[0]).toBeCloseTo(3 / Math.sqrt(12.5), 6);
  expect(out?.data[2]).toBeCloseTo(1, 6);
});

test("its norm is rms_norm of its sum, bit for bit", () => {
  const values = fc.array(fc.float({ min: -9, max: 9, noNaN: true }), { minLength: 8, maxLength: 8 });
  fc.assert(
    fc.property(values, (v) => {
      const weight = operand([embd], [0.5, 2]);
      const operands = {
        a: operand([tokens, embd], v.slice(0, 4)),
        b: operand([tokens, embd], v.slice(4)),
        weight,
      };
      const { sum, out } = evaluateOp(addRmsNormOp, operands, { eps: 1e-6 });
      const x = operand([tokens, embd], sum?.data);
      expect(out).toEqual(evaluateOp(rmsNormOp, { x, weight }, { eps: 1e-6 }).out);
    }),
  );
});
