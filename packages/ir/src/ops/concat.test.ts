import * as fc from "fast-check";
import { expect, test } from "vitest";
import { axis, concatAxis } from "../axis/axis.ts";
import { evaluateOp, operand } from "../graph/evaluateOp.ts";
import { concatOp } from "./concat.ts";

const [tokens, nope, rope] = [axis("tokens", 2), axis("nope", 1), axis("rope", 2)];
const row = concatAxis("row", nope, rope);

test("puts rows side by side", () => {
  const operands = { a: operand([tokens, nope], [1, 2]), b: operand([tokens, rope], [3, 4, 5, 6]) };
  const { out } = evaluateOp(concatOp, operands, { axis: "row" }, [row]);
  expect(out).toEqual({ dtype: "f32", shape: [2, 3], data: Float32Array.of(1, 3, 4, 2, 5, 6) });
});

test("keeps every value", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: -99, max: 99 }), { minLength: 6, maxLength: 6 }), (v) => {
      const operands = { a: operand([tokens, nope], v.slice(0, 2)), b: operand([tokens, rope], v.slice(2)) };
      const { out } = evaluateOp(concatOp, operands, { axis: "row" }, [row]);
      expect([...(out?.data ?? [])].toSorted((a, b) => a - b)).toEqual(v.toSorted((a, b) => a - b));
    }),
  );
});

test("refuses an axis that isn't as long as both together, and rows of other tokens", () => {
  const a = operand([tokens, nope]);
  const b = operand([tokens, rope]);
  expect(() => evaluateOp(concatOp, { a, b }, { axis: "short" }, [axis("short", 2)])).toThrow(
    "nope=1 beside rope=2 isn't short=2",
  );
  expect(() =>
    evaluateOp(concatOp, { a, b: operand([axis("rows", 2), rope]) }, { axis: "row" }, [row]),
  ).toThrow("a has the axes [tokens=2], but b has [rows=2]");
});
