import * as fc from "fast-check";
import { expect, test } from "vitest";
import { axis } from "../axis/axis.ts";
import { evaluateOp, operand } from "../graph/evaluateOp.ts";
import { selectRowsOp } from "./selectRows.ts";

const [tokens, embd] = [axis("tokens", 3), axis("embd", 2)];

test("copies the rows named, in the order named", () => {
  const { out } = evaluateOp(selectRowsOp, {
    x: operand([tokens, embd], [1, 2, 3, 4, 5, 6]),
    rows: operand([axis("outputs", 2)], [2, 0], "i32"),
  });
  expect(out).toEqual({ dtype: "f32", shape: [2, 2], data: Float32Array.of(5, 6, 1, 2) });
});

test("selecting all rows in order is the identity", () => {
  fc.assert(
    fc.property(fc.array(fc.integer(), { minLength: 6, maxLength: 6 }), (v) => {
      const x = operand([tokens, embd], v);
      const { out } = evaluateOp(selectRowsOp, { x, rows: operand([axis("outputs", 3)], [0, 1, 2], "i32") });
      expect(out?.data).toEqual(x.tensor.data);
    }),
  );
});
