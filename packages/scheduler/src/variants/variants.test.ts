import { expect, test } from "vitest";
import { limits, rule } from "../testing/fixtures.ts";
import { boundsOf } from "./bounds.ts";
import { type Box, boxId, contains, describeBox, wholeBox } from "./box.ts";
import { boxesOf, cutsOf } from "./cuts.ts";
import { mergeBoxes } from "./merge.ts";

const tps = (from: number, below: number | null): Box => ({
  ...wholeBox,
  tokensPerSequence: { from, below },
});

test("boxes lie between the thresholds that rules mention", () => {
  const rules = [
    rule("a", { tokensPerSequence: { atLeast: 128 } }, { lower: "x" }),
    rule("b", { not: { phase: "decode" } }, { place: "cpu" }),
  ];
  expect(boxesOf(cutsOf(rules))).toEqual([tps(1, 2), tps(2, 128), tps(128, null)]);
});

test("without thresholds there is one box", () => {
  expect(boxesOf(cutsOf([]))).toEqual([wholeBox]);
});

test("too many thresholds are refused", () => {
  const cuts = {
    tokensPerSequence: [2, 3, 4, 5, 6, 7, 8],
    tokens: [2, 3, 4, 5, 6, 7, 8],
    context: [64, 128, 256, 512],
  };
  expect(() => boxesOf(cutsOf([], cuts))).toThrow(expect.objectContaining({ code: "variants/too-many" }));
});

test("neighbours of equal key become one box, others don't", () => {
  const merged = mergeBoxes([
    { box: tps(1, 2), key: "a", of: [1] },
    { box: tps(2, 128), key: "a", of: [2] },
    { box: tps(128, null), key: "b", of: [3] },
  ]);
  expect(merged).toEqual([
    { box: tps(1, 128), key: "a", of: [1, 2] },
    { box: tps(128, null), key: "b", of: [3] },
  ]);
});

test("boxes that would leave a corner out stay apart", () => {
  const box = (from: number, below: number | null, context: number): Box => ({
    ...tps(from, below),
    context: context === 0 ? { from: 1, below: 64 } : { from: 64, below: null },
  });
  const boxes = [
    { box: box(1, 2, 0), key: "a", of: [] },
    { box: box(1, 2, 1), key: "b", of: [] },
    { box: box(2, null, 0), key: "b", of: [] },
    { box: box(2, null, 1), key: "b", of: [] },
  ];
  expect(mergeBoxes(boxes)).toHaveLength(3);
});

test("names say what a box is for", () => {
  expect([wholeBox, tps(1, 2), tps(2, 128), tps(128, null)].map(boxId)).toEqual([
    "step",
    "decode",
    "prefill-2-127",
    "prefill",
  ]);
  expect(boxId({ ...tps(1, 2), context: { from: 4096, below: null } })).toBe("decode.context-4096-");
  expect(describeBox(tps(1, 2))).toBe("1 new token a sequence");
  expect(describeBox(tps(2, 128))).toBe("2 to 127 new tokens a sequence");
  expect(describeBox(wholeBox)).toBe("steps of every size");
});

test("a step belongs to one of the boxes", () => {
  const sizes = { tokensPerSequence: 127, tokens: 127, context: 128, sequences: 1 };
  expect([tps(1, 128), tps(128, null)].map((box) => contains(box, sizes))).toEqual([true, false]);
});

test("bounds of symbols follow from the box", () => {
  const decode = boundsOf(limits, tps(1, 2));
  expect(decode?.max).toMatchObject({
    tokens: 2,
    outputs: 2,
    sequences: 2,
    pages: 16,
    context: 1024,
    slots: 2048,
  });
  expect(decode?.min).toMatchObject({
    tokens: 1,
    outputs: 0,
    sequences: 1,
    pages: 1,
    context: 64,
    slots: 2048,
  });
  expect(boundsOf(limits, tps(128, null))?.min).toMatchObject({ tokens: 1, pages: 1, context: 64 });
  expect(boundsOf(limits, { ...wholeBox, context: { from: 1, below: 130 } })?.max).toMatchObject({
    pages: 3,
    context: 192,
  });
});

test("a prompt may come in several steps, but must fit the context", () => {
  expect(boundsOf({ ...limits, tokens: 64 }, tps(128, null))?.max).toMatchObject({ tokens: 64 });
  expect(boundsOf({ ...limits, pages: 1, context: 64 }, tps(128, null))).toBeUndefined();
});

test("a box that no step of the graph reaches has no bounds", () => {
  expect(boundsOf(limits, { ...wholeBox, tokens: { from: 257, below: null } })).toBeUndefined();
});
