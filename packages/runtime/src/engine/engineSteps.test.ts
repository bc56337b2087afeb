import fc from "fast-check";
import { expect, test } from "vitest";
import { cutIntoSteps, type SequenceTokens } from "./engineSteps.ts";
import { PagePool } from "./pagePool.ts";
import { Sequence } from "./sequence.ts";

const entry = (count: number, outputs: SequenceTokens["outputs"]): SequenceTokens => ({
  sequence: new Sequence(new PagePool(1), 64, () => {}),
  tokens: Array.from({ length: count }, (_, i) => i),
  outputs,
});

test("cuts a prompt into micro-batches and wants logits of its last token only", () => {
  const sizes = { microBatch: 4, maxOutputs: 1, maxSequences: 1, vocab: 10 };
  expect(cutIntoSteps([[0, entry(9, "last")]], sizes)).toEqual([
    [{ index: 0, from: 0, count: 4, outputs: 0 }],
    [{ index: 0, from: 4, count: 4, outputs: 0 }],
    [{ index: 0, from: 8, count: 1, outputs: 1 }],
  ]);
});

test("every token is fed once, in order, within the limits of a step", () => {
  const outputs = fc.constantFrom("last", "all", "none");
  const entries = fc.array(fc.tuple(fc.integer({ min: 1, max: 40 }), outputs), {
    minLength: 1,
    maxLength: 6,
  });
  const sizes = fc.record({
    microBatch: fc.integer({ min: 1, max: 16 }),
    maxOutputs: fc.integer({ min: 1, max: 8 }),
    maxSequences: fc.integer({ min: 1, max: 4 }),
    vocab: fc.constant(1),
  });
  fc.assert(
    fc.property(entries, sizes, (shapes, limits) => {
      const given = shapes.map(([count, wanted], i) => [i, entry(count, wanted)] as const);
      const steps = cutIntoSteps(given, limits);
      const fed = given.map(() => 0);
      const wanted = given.map(() => 0);
      for (const step of steps) {
        expect(step.length).toBeGreaterThan(0);
        expect(step.length).toBeLessThanOrEqual(limits.maxSequences);
        expect(step.reduce((n, piece) => n + piece.count, 0)).toBeLessThanOrEqual(limits.microBatch);
        expect(step.reduce((n, piece) => n + piece.outputs, 0)).toBeLessThanOrEqual(limits.maxOutputs);
        for (const { index, from, count, outputs: o } of step) {
          expect(from).toBe(fed[index]);
          fed[index] = from + count;
          wanted[index] = (wanted[index] as number) + o;
        }
      }
      expect(fed).toEqual(shapes.map(([count]) => count));
      expect(wanted).toEqual(shapes.map(([count, o]) => (o === "all" ? count : o === "last" ? 1 : 0)));
    }),
  );
});
