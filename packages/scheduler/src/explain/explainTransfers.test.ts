import { coreOps } from "@tensorplan/ir";
import { expect, test } from "vitest";
import { plan } from "../plan/makePlan.ts";
import { profile, rule, tinyModel } from "../testing/fixtures.ts";
import { explainTransfers, transfersText } from "./explainTransfers.ts";

const made = plan({
  graph: tinyModel(3),
  ops: coreOps,
  devices: [profile("cpu"), profile("cuda:0")],
  rules: [rule("outputs on the card", { weight: "blk.*.out.weight" }, { store: "cuda:0" })],
});

test("copies of repeated layers are told together, with bytes, ends and rules", () => {
  expect(transfersText(made, explainTransfers(made))).toMatchInlineSnapshot(`
    "step: 7 copies, at most 448 KiB in one step
      cpu > cuda:0: a copy of embed: 256*tokens bytes, at most 64.0 KiB
        made on cpu by embed, put there by rule 'compute where the weight lives' (default: activations are smaller than weights)
        needed on cuda:0 by blk.0.residual, put there by rule 'stay with the newest operand' (default: the value that was computed last needs no copy)
        allowed by rule 'activations may be copied' (default: a value is copied to a device where a node needs it, once)
      cpu > cuda:0: 3 copies of blk.*.attn (layers 0–2): 256*tokens bytes each, at most 64.0 KiB, 192 KiB in all
        made on cpu by blk.*.attn (layers 0–2), put there by rule 'compute where the cache lives' (default: a cache has one home)
        needed on cuda:0 by blk.*.out (layers 0–2), put there by rule 'compute where the weight lives' (default: activations are smaller than weights)
        allowed by rule 'activations may be copied' (default: a value is copied to a device where a node needs it, once)
      cuda:0 > cpu: 2 copies of blk.*.residual (layers 0–1): 256*tokens bytes each, at most 64.0 KiB, 128 KiB in all
        made on cuda:0 by blk.*.residual (layers 0–1), put there by rule 'stay with the newest operand' (default: the value that was computed last needs no copy)
        needed on cpu by blk.*.norm (layers 1–2), put there by rule 'compute where the weight lives' (default: activations are smaller than weights)
        allowed by rule 'activations may be copied' (default: a value is copied to a device where a node needs it, once)
      cuda:0 > cpu: a copy of blk.2.residual: 256*tokens bytes, at most 64.0 KiB
        made on cuda:0 by blk.2.residual, put there by rule 'stay with the newest operand' (default: the value that was computed last needs no copy)
        needed on cpu by logits, put there by rule 'compute where the weight lives' (default: activations are smaller than weights)
        allowed by rule 'activations may be copied' (default: a value is copied to a device where a node needs it, once)"
  `);
});

test("groups hold every transfer once, and their bytes add up", () => {
  const [answer] = explainTransfers(made);
  const [variant] = made.variants;
  expect(answer?.groups.flatMap(({ transfers }) => transfers.map(({ id }) => id)).sort()).toEqual(
    variant?.transfers.map(({ id }) => id).sort(),
  );
  expect(answer?.totalBytes).toBe(variant?.transfers.reduce((sum, { bytes }) => sum + bytes, 0));
});

test("a plan without copies says so", () => {
  const alone = plan({ graph: tinyModel(1), ops: coreOps, devices: [profile("cpu")] });
  expect(transfersText(alone, explainTransfers(alone))).toBe("step: nothing is copied");
});
