import { coreOps } from "@tensorplan/ir";
import fc from "fast-check";
import { expect, test } from "vitest";
import { plan } from "../plan/makePlan.ts";
import { profile, rule, tinyModel } from "../testing/fixtures.ts";
import { randomPlan } from "../testing/randomPlans.ts";
import { explainSplits } from "./explainSplits.ts";
import { splitsText } from "./splitsText.ts";

const made = plan({
  graph: tinyModel(4),
  ops: coreOps,
  devices: [profile("cpu"), profile("cuda:0")],
  rules: [rule("outputs on the card", { weight: "blk.*.out.weight" }, { store: "cuda:0" })],
});

test("each boundary has the node and the rules that made it; layers that are alike are one line", () => {
  expect(splitsText(made, explainSplits(made))).toMatchInlineSnapshot(`
    "step: 9 splits
        1  cpu: the step begins
        1  cpu > cuda:0: blk.0.residual runs on cuda:0 and reads embed, which cpu makes
             blk.0.residual: rule 'stay with the newest operand' (default: the value that was computed last needs no copy)
             embed: rule 'compute where the weight lives' (default: activations are smaller than weights); what it reads is stored on cpu by rule 'weights and caches live on the first device' (default: the first device in the order that was stated)
        3  cuda:0 > cpu, layers 1–3: blk.*.norm runs on cpu and reads blk.*.residual, which cuda:0 makes
             blk.*.norm: rule 'compute where the weight lives' (default: activations are smaller than weights); what it reads is stored on cpu by rule 'weights and caches live on the first device' (default: the first device in the order that was stated)
             blk.*.residual: rule 'stay with the newest operand' (default: the value that was computed last needs no copy)
        3  cpu > cuda:0, layers 1–3: blk.*.out runs on cuda:0 and reads blk.*.attn, which cpu makes
             blk.*.out: rule 'compute where the weight lives' (default: activations are smaller than weights); what it reads is stored on cuda:0 by rule 'outputs on the card' (api)
             blk.*.attn: rule 'compute where the cache lives' (default: a cache has one home); what it reads is stored on cpu by rule 'weights and caches live on the first device' (default: the first device in the order that was stated)
        1  cuda:0 > cpu: logits runs on cpu and reads blk.3.residual, which cuda:0 makes
             logits: rule 'compute where the weight lives' (default: activations are smaller than weights); what it reads is stored on cpu by rule 'weights and caches live on the first device' (default: the first device in the order that was stated)
             blk.3.residual: rule 'stay with the newest operand' (default: the value that was computed last needs no copy)"
  `);
});

test("one split has nothing to explain", () => {
  const whole = plan({ graph: tinyModel(1), ops: coreOps, devices: [profile("cpu")] });
  expect(splitsText(whole, explainSplits(whole, { phase: "decode" }))).toBe(
    "step: 1 split\n    1  cpu: the step begins",
  );
});

test("the numbers add up to the splits, whatever the placement, and each crossing names an edge between devices", () => {
  fc.assert(
    fc.property(randomPlan(12, 3), ({ input }) => {
      const random = plan(input);
      const [answer] = explainSplits(random);
      const [variant] = random.variants;
      expect(answer?.boundaries.map(({ split }) => split)).toEqual(variant?.splits.map(({ id }) => id));
      const counts = [...splitsText(random, explainSplits(random)).matchAll(/^ {2,4}(\d+) {2}/gm)];
      expect(counts.reduce((sum, [, n]) => sum + Number(n), 0)).toBe(variant?.splits.length);
      for (const { cause, device } of answer?.boundaries ?? []) {
        if (cause.kind !== "crossing") continue;
        expect(cause.node.device).toBe(device);
        expect(cause.made.device).not.toBe(device);
        expect(cause.node.rule).not.toBe("");
      }
      // A device that comes again was waiting for another one.
      const order = (answer?.boundaries ?? []).map(({ device }) => device);
      const again = (answer?.boundaries ?? []).filter(({ device }, i) => order.indexOf(device) < i);
      expect(again.filter(({ cause }) => cause.kind !== "crossing")).toEqual([]);
    }),
    { numRuns: 60 },
  );
});
