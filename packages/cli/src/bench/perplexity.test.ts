import { describe, expect, test } from "vitest";
import { chunksOf, inputsAndTargets, negativeLogLikelihood, perplexityOf } from "./perplexity.ts";

describe("perplexity", () => {
  test("cuts text into chunks, the last one short", () => {
    expect(chunksOf([1, 2, 3, 4, 5], 2)).toEqual([[1, 2], [3, 4], [5]]);
  });

  test("predicts every token behind a begin-of-text token, and all but the first without one", () => {
    expect(inputsAndTargets([5, 6, 7], 0)).toEqual({ inputs: [0, 5, 6], targets: [5, 6, 7] });
    expect(inputsAndTargets([5, 6, 7], undefined)).toEqual({ inputs: [5, 6], targets: [6, 7] });
  });

  test("even logits are as surprising as the number of tokens, however large they are", () => {
    const nll = negativeLogLikelihood(Float32Array.of(1000, 1000, 1000, 1000), 2);
    expect(nll).toBeCloseTo(Math.log(4), 12);
    expect(perplexityOf([{ tokens: 3, nll: 3 * nll }]).perplexity).toBeCloseTo(4, 10);
  });

  test("a certain token is no surprise and an impossible one is infinitely surprising", () => {
    const logits = Float32Array.of(0, Number.NEGATIVE_INFINITY);
    expect(negativeLogLikelihood(logits, 0)).toBe(0);
    expect(negativeLogLikelihood(logits, 1)).toBe(Number.POSITIVE_INFINITY);
  });
});
