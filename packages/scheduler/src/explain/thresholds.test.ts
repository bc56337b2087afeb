import type { KernelPredicate } from "@tensorplan/backend-api";
import { coreOps } from "@tensorplan/ir";
import { expect, test } from "vitest";
import { plan } from "../plan/makePlan.ts";
import type { PlanInput } from "../plan/planInput.ts";
import { anyKernel, profile, rule, tinyModel } from "../testing/fixtures.ts";
import { parseSweep, sweptVariants } from "./sweep.ts";
import { thresholds } from "./thresholds.ts";
import { thresholdsText } from "./thresholdsText.ts";

const fewTokens: KernelPredicate = { kind: "dim", dim: "x.0", max: 16, reason: "only for at most 16 tokens" };
const make = (more: Partial<PlanInput> = {}) =>
  plan({
    graph: tinyModel(3),
    ops: coreOps,
    devices: [
      profile("cpu", { first: [anyKernel("matmul", { name: "matmul.few", when: [fewTokens] })] }),
      profile("cuda:0"),
    ],
    ...more,
  });
const ask = (made: ReturnType<typeof make>, ...over: readonly string[]) => {
  const sweep = parseSweep(over);
  const swept = sweptVariants(made, sweep);
  return thresholdsText(made, sweep, swept, thresholds(made, swept));
};
const batches = rule(
  "large batches go to the card",
  { path: "blk.*.residual", tokens: { atLeast: 64 } },
  { place: "cuda:0" },
);

test("devices and kernels that change, with rule and predicate, layers folded", () => {
  expect(ask(make({ rules: [batches] }), "tokens=1..256")).toMatchInlineSnapshot(`
    "over 1–256 tokens of one sequence: 2 thresholds, 3 variants
    from 17 tokens:
      blk.*.k (layers 0–2), blk.*.v (layers 0–2), blk.*.q (layers 0–2), blk.*.out (layers 0–2), logits: by the kernel matmul.any instead of matmul.few on cpu
        decided by rule 'compute where the weight lives' (default: activations are smaller than weights)
        from here on, matmul.few doesn't fit: only for at most 16 tokens
    from 64 tokens (1 > 7 splits, 0 > 7 copies):
      blk.*.residual (layers 0–2): move from cpu to cuda:0
        decided by rule 'large batches go to the card' (api)
        below, rule 'large batches go to the card' does not apply: tokens isn't at least 64"
  `);
});

test("thresholds outside of what is asked about aren't told", () => {
  const made = make({ rules: [batches] });
  expect(ask(made, "tokens=1..16")).toBe("over 1–16 tokens of one sequence: 0 thresholds");
  expect(
    ask(made, "tokens=20..64")
      .split("\n")
      .filter((line) => line.startsWith("from")),
  ).toHaveLength(1);
  expect(ask(made, "tokens=10000..20000")).toContain("0 thresholds");
});

test("of one sequence, new tokens are the step's tokens; of several, both are told apart", () => {
  const made = make({
    rules: [
      rule("long prompts", { op: "attention", tokensPerSequence: { atLeast: 32 } }, { lower: "naive" }),
    ],
  });
  expect(ask(made, "tokens=1..256")).toContain("from 32 tokens");
  expect(ask(made, "tokens=1..256", "sequences=1..2")).toContain("from 32 new tokens a sequence:");
});

test("a threshold of context that holds for some tokens only says so", () => {
  const made = make({
    rules: [
      rule(
        "far",
        { path: "blk.*.residual", tokens: { atLeast: 64 }, context: { atLeast: 512 } },
        { place: "cuda:0" },
      ),
    ],
  });
  const text = ask(made, "tokens=1..256", "context=0..1024");
  expect(text).toContain("3 thresholds, 4 variants\nfrom 17 tokens:\n");
  expect(text).not.toContain("tokens isn't at least 64\n    below, rule 'far'");
  expect(text).toContain("from 512 rows of context, with 64 to 256 tokens in all (1 > 7 splits");
});

test("ranges that can't be are refused", () => {
  for (const text of [
    "tokens",
    "tokens=5..1",
    "rows=1..2",
    "tokens=1..2..3",
    "tokens=-1..4",
    "tokens=1.5..3",
  ]) {
    expect(() => parseSweep([text])).toThrow(expect.objectContaining({ code: "explain/over" }));
  }
  expect(() => parseSweep(["tokens=1..2", "tokens=3..4"])).toThrow(
    expect.objectContaining({ code: "explain/over" }),
  );
  expect(parseSweep(["context=0..64", "sequences=4"])).toEqual({
    context: { from: 1, to: 64 },
    sequences: { from: 4, to: 4 },
  });
});
