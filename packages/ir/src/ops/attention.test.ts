import * as fc from "fast-check";
import { expect, test } from "vitest";
import { axis } from "../axis/axis.ts";
import { evaluateOp, operand } from "../graph/evaluateOp.ts";
import { attentionOp } from "./attention.ts";
import { pagedStep } from "./support/pagedStep.ts";

const [heads, kv, dim, slots] = [axis("heads", 2), axis("kv", 1), axis("dim", 1), axis("slots", 192)];

/** A cache of one value a row, holding `rows[slot]` and NaN elsewhere: nothing may read what isn't written. */
const cache = (rows: Readonly<Record<number, number>>) =>
  operand(
    [slots, kv, dim],
    Array.from({ length: 192 }, (_, slot) => rows[slot] ?? Number.NaN),
  );

test("weighs the values of the rows up to each token's position by softmax", () => {
  const { tokens, operands } = pagedStep([{ pages: [1], positions: [0, 1] }]);
  const { out } = evaluateOp(
    attentionOp,
    {
      q: operand([tokens, heads, dim], [1, 0, 1, 0]),
      k: cache({ 64: 0, 65: Math.log(3) }),
      v: cache({ 64: 4, 65: 8 }),
      ...operands,
    },
    { scale: 1 },
  );
  expect([...(out?.data ?? [])].map((value) => Math.round(value * 1e5) / 1e5)).toEqual([4, 4, 7, 6]);
});

test("gives the same bits wherever a sequence's pages lie, alone or beside another", () => {
  const values = fc.array(fc.float({ min: -4, max: 4, noNaN: true }), { minLength: 65, maxLength: 65 });
  const places = fc.constantFrom([0, 1], [1, 0], [2, 0], [0, 2]);
  fc.assert(
    fc.property(values, places, (rows, pages) => {
      const run = (order: readonly number[], others: number) => {
        const other = {
          pages: [3 - (order[0] ?? 0) - (order[1] ?? 0)],
          positions: Array(others).fill(0) as number[],
        };
        const { tokens, operands } = pagedStep([{ pages: order, positions: [64] }, other]);
        const at = (j: number) => (order[Math.floor(j / 64)] ?? 0) * 64 + (j % 64);
        const filled = cache({
          [(other.pages[0] ?? 0) * 64]: 1,
          ...Object.fromEntries(rows.map((value, j) => [at(j), value])),
        });
        const q = operand([tokens, heads, dim], Array(2 * (1 + others)).fill(0.5));
        return evaluateOp(
          attentionOp,
          { q, k: filled, v: filled, ...operands },
          { scale: 0.7 },
        ).out?.data.slice(0, 2);
      };
      expect(run(pages, 3)).toEqual(run([0, 1], 0));
    }),
    { numRuns: 30 },
  );
});

test("refuses heads that can't share key/value heads equally", () => {
  const { tokens, operands } = pagedStep([{ pages: [0], positions: [0] }]);
  const three = axis("kv", 3);
  const state = operand([slots, three, dim]);
  const q = operand([tokens, heads, dim]);
  expect(() => evaluateOp(attentionOp, { q, k: state, v: state, ...operands }, { scale: 1 })).toThrow(
    "2 heads (axis 'heads') can't share 3 key/value heads (axis 'kv') equally",
  );
});
