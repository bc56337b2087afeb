import * as fc from "fast-check";
import { expect, test } from "vitest";
import { axis } from "../axis/axis.ts";
import { evaluateOp, operand } from "../graph/evaluateOp.ts";
import { embedOp } from "./embed.ts";

const [vocab, embd, tokens] = [axis("vocab", 3), axis("embd", 2), axis("tokens", 2)];

test("looks up the rows that the ids name", () => {
  const { out } = evaluateOp(embedOp, {
    table: operand([vocab, embd], [1, 2, 3, 4, 5, 6]),
    ids: operand([tokens], [2, 0], "i32"),
  });
  expect(out).toEqual({ dtype: "f32", shape: [2, 2], data: Float32Array.of(5, 6, 1, 2) });
});

test("equal ids give equal rows, whatever the table holds", () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: -9, max: 9 }), { minLength: 6, maxLength: 6 }),
      fc.nat(2),
      (table, id) => {
        const ids = operand([tokens], [id, id], "i32");
        const data = evaluateOp(embedOp, { table: operand([vocab, embd], table), ids }).out?.data;
        expect(data?.slice(0, 2)).toEqual(data?.slice(2));
      },
    ),
  );
});

test("refuses ids that are floats", () => {
  const operands = { table: operand([vocab, embd]), ids: operand([tokens]) };
  expect(() => evaluateOp(embedOp, operands)).toThrow("ids is f32[tokens=2], but its elements must be i32");
});
