import * as fc from "fast-check";
import { expect, test } from "vitest";
import { axis, concatAxis } from "../axis/axis.ts";
import { evaluateOp, operand } from "../graph/evaluateOp.ts";
import { rmsNormOp } from "./rmsNorm.ts";

const [tokens, latent, rope] = [axis("tokens", 1), axis("latent", 2), axis("rope", 1)];
const row = concatAxis("row", latent, rope);

test("divides by the root of the mean square and multiplies by the weight", () => {
  const operands = { x: operand([tokens, latent], [3, 4]), weight: operand([latent], [1, 2]) };
  const { out } = evaluateOp(rmsNormOp, operands, { eps: 0 });
  const root = Math.sqrt(12.5);
  expect(out?.data[0]).toBeCloseTo(3 / root, 6);
  expect(out?.data[1]).toBeCloseTo(8 / root, 6);
});

test("leaves the rest of the axis as it is when it runs over a part", () => {
  const operands = { x: operand([tokens, row], [3, 4, 7]), weight: operand([latent], [1, 1]) };
  const { out } = evaluateOp(rmsNormOp, operands, { eps: 0, part: { name: "latent", start: 0, size: 2 } });
  expect(out?.data[2]).toBe(7);
  expect(out?.data[0]).toBeCloseTo(3 / Math.sqrt(12.5), 6);
});

test("doubling x changes nothing when eps is 0", () => {
  const values = fc.array(fc.integer({ min: 1, max: 1000 }), { minLength: 2, maxLength: 2 });
  fc.assert(
    fc.property(values, (x) => {
      const weight = operand([latent], [1, 3]);
      const run = (v: number[]) =>
        evaluateOp(rmsNormOp, { x: operand([tokens, latent], v), weight }, { eps: 0 }).out;
      expect(run(x.map((v) => 2 * v))).toEqual(run(x));
    }),
  );
});

test("refuses a weight of another axis and a part that sticks out", () => {
  const x = operand([tokens, row]);
  expect(() => evaluateOp(rmsNormOp, { x, weight: operand([latent]) }, { eps: 0 })).toThrow(
    "the norm runs over axis 'row' (3), but weight has axis 'latent' (2)",
  );
  const part = { name: "latent", start: 2, size: 2 };
  expect(() => evaluateOp(rmsNormOp, { x, weight: operand([latent]) }, { eps: 0, part })).toThrow(
    "the part 'latent' covers positions 2 to 3 of axis 'row', which has 3",
  );
});
