import * as fc from "fast-check";
import { expect, test } from "vitest";
import { axis, concatAxis } from "../axis/axis.ts";
import { evaluateOp, operand } from "../graph/evaluateOp.ts";
import { concatOp } from "./concat.ts";
import { sliceOp } from "./slice.ts";

const [tokens, nope, rope] = [axis("tokens", 2), axis("nope", 1), axis("rope", 2)];
const row = concatAxis("row", nope, rope);
const part = { name: "rope", start: 1, size: 2 };

test("copies a part of every row", () => {
  const { out } = evaluateOp(sliceOp, { x: operand([tokens, row], [1, 2, 3, 4, 5, 6]) }, { part }, [rope]);
  expect(out).toEqual({ dtype: "f32", shape: [2, 2], data: Float32Array.of(2, 3, 5, 6) });
});

test("takes back out what concat put in", () => {
  fc.assert(
    fc.property(fc.array(fc.integer(), { minLength: 6, maxLength: 6 }), (v) => {
      const [a, b] = [operand([tokens, nope], v.slice(0, 2)), operand([tokens, rope], v.slice(2))];
      const joined = operand([tokens, row], evaluateOp(concatOp, { a, b }, { axis: "row" }, [row]).out?.data);
      const { out } = evaluateOp(sliceOp, { x: joined }, { part }, [rope]);
      expect(out?.data).toEqual(b.tensor.data);
    }),
  );
});

test("refuses a part whose axis has another size", () => {
  const [other, plain] = [axis("rope", 1), axis("row", 3)];
  expect(() => evaluateOp(sliceOp, { x: operand([tokens, plain]) }, { part }, [other])).toThrow(
    "the part 'rope' has 2 positions; its axis 'rope' has 1 positions, but 2 are needed",
  );
});
