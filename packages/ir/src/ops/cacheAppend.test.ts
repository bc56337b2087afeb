import * as fc from "fast-check";
import { expect, test } from "vitest";
import { axis } from "../axis/axis.ts";
import { evaluateOp, operand } from "../graph/evaluateOp.ts";
import { cacheAppendOp } from "./cacheAppend.ts";

const [slots, tokens, row] = [axis("slots", 3), axis("tokens", 2), axis("row", 2)];

test("writes rows into their slots, in place, and leaves the others", () => {
  const state = operand([slots, row], [1, 1, 2, 2, 3, 3]);
  const rows = operand([tokens, row], [10, 11, 20, 21]);
  const { out } = evaluateOp(cacheAppendOp, { state, rows, slots: operand([tokens], [2, 0], "i32") });
  expect([...state.tensor.data]).toEqual([20, 21, 2, 2, 10, 11]);
  expect(out?.data).toBe(state.tensor.data);
});

test("rounds to the state's type: writing what was read changes nothing", () => {
  const [wide, one] = [axis("wide", 32), axis("tokens", 1)];
  const values = fc.array(fc.float({ min: -100, max: 100, noNaN: true }), { minLength: 32, maxLength: 32 });
  fc.assert(
    fc.property(values, fc.constantFrom("f32", "f16", "bf16", "q8_0"), (v, dtype) => {
      const state = operand([axis("slots", 1), wide], undefined, dtype);
      const at = operand([one], [0], "i32");
      const write = (rows: Iterable<number>) =>
        evaluateOp(cacheAppendOp, { state, rows: operand([one, wide], rows), slots: at }).out?.data.slice() ??
        [];
      const first = write(v);
      expect(write(first)).toEqual(first);
    }),
  );
});

test("refuses a row of other axes, and a state of a type that caches can't have", () => {
  const at = operand([tokens], [0, 1], "i32");
  const rows = operand([tokens, axis("other", 2)]);
  expect(() => evaluateOp(cacheAppendOp, { state: operand([slots, row]), rows, slots: at })).toThrow(
    "a row of the state has the axes [row=2], but a row to write has [other=2]",
  );
  const state = operand([slots, axis("row", 32)], undefined, "iq4_nl");
  expect(() =>
    evaluateOp(cacheAppendOp, { state, rows: operand([tokens, axis("row", 32)]), slots: at }),
  ).toThrow("state is iq4_nl[slots=3, row=32], but its elements must be f32, f16, bf16 or q8_0");
});
