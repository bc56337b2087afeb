import type { KernelPredicate } from "@tensorplan/backend-api";
import { coreOps } from "@tensorplan/ir";
import { expect, test } from "vitest";
import { plan } from "../plan/makePlan.ts";
import type { PlanInput } from "../plan/planInput.ts";
import { anyKernel, profile, rule, tinyModel } from "../testing/fixtures.ts";
import { wholeBox } from "./box.ts";
import { splitBox } from "./cuts.ts";

const dim = (name: string, range: { min?: number; max?: number; multipleOf?: number }): KernelPredicate => ({
  kind: "dim",
  dim: name,
  reason: `${name} is out of reach`,
  ...range,
});
const make = (first: Parameters<typeof anyKernel>[1], more: Partial<PlanInput> = {}, op = "matmul") =>
  plan({
    graph: tinyModel(1),
    ops: coreOps,
    devices: [profile("cpu", { first: [anyKernel(op, { name: `${op}.special`, ...first })] })],
    ...more,
  });
const kernelsBySize = (made: ReturnType<typeof make>, id: string) =>
  made.variants.map(({ id: variant, nodes }) => [
    variant,
    nodes.find(({ node }) => made.nodes[node]?.id === id)?.kernel,
  ]);

test("a kernel for few tokens cuts the variants where its condition ends", () => {
  expect(kernelsBySize(make({ when: [dim("x.0", { max: 16 })] }), "blk.0.q")).toEqual([
    ["step", "matmul.special"],
    ["step.tokens-17-", "matmul.any"],
  ]);
});

test("a kernel for a range of tokens makes three variants", () => {
  expect(kernelsBySize(make({ when: [dim("x.0", { min: 32, max: 63 })] }), "blk.0.q")).toEqual([
    ["step", "matmul.any"],
    ["step.tokens-32-63", "matmul.special"],
    ["step.tokens-64-", "matmul.any"],
  ]);
});

test("context is cut at the first row of the page that turns the condition", () => {
  const made = make({ when: [dim("page_table.1", { min: 3 })] }, {}, "attention");
  expect(kernelsBySize(made, "blk.0.attn")).toEqual([
    ["step", "attention.any"],
    ["step.context-129-", "attention.special"],
  ]);
});

test("a kernel that can't run the node for another reason cuts nothing", () => {
  expect(make({ when: [dim("x.0", { max: 16 }), dim("x.-1", { max: 8 })] }).variants).toHaveLength(1);
  expect(make({ when: [dim("x.0", { max: 16, multipleOf: 4 })] }).variants).toHaveLength(1);
});

test("conditions beyond the graph's sizes cut nothing", () => {
  expect(kernelsBySize(make({ when: [dim("x.0", { max: 256 })] }), "blk.0.q")).toEqual([
    ["step", "matmul.special"],
  ]);
  expect(kernelsBySize(make({ when: [dim("x.0", { min: 257 })] }), "blk.0.q")).toEqual([
    ["step", "matmul.any"],
  ]);
});

test("where a device can run only some steps, the fallback takes the others", () => {
  const small = anyKernel("rms_norm", { when: [dim("x.0", { max: 8 })] });
  const withoutNorm = profile("cpu", { without: ["rms_norm"] });
  const cut = plan({
    graph: tinyModel(1),
    ops: coreOps,
    devices: [{ ...withoutNorm, kernels: [small, ...withoutNorm.kernels] }, profile("cuda:0")],
    rules: [
      rule("norms", { op: "rms_norm" }, { place: "cpu" }, { else: "next" }),
      rule("norm weights", { weight: "*norm*" }, { replicate: ["cpu", "cuda:0"] }),
      rule("norms elsewhere", { op: "rms_norm" }, { place: "cuda:0" }),
    ],
  });
  const devices = cut.variants.map(({ id, nodes }) => [
    id,
    nodes.find(({ node }) => cut.nodes[node]?.op === "rms_norm")?.device,
  ]);
  expect(devices).toEqual([
    ["step", "cpu"],
    ["step.tokens-9-", "cuda:0"],
  ]);
});

test("more than 16 variants of a phase are refused, with the thresholds", () => {
  const first = Array.from({ length: 20 }, (_, i) =>
    anyKernel("matmul", { name: `matmul.k${i}`, when: [dim("x.0", { max: 4 * (i + 1) })] }),
  );
  const make20 = () => plan({ graph: tinyModel(1), ops: coreOps, devices: [profile("cpu", { first })] });
  expect(make20).toThrow(
    expect.objectContaining({
      code: "variants/too-many",
      message: expect.stringContaining("21 different plans for different sizes of decode steps"),
      details: expect.objectContaining({ tokens: expect.arrayContaining([5, 81]) }),
    }),
  );
});

test("a box is split at the cuts inside it, smallest sizes first", () => {
  const parts = splitBox({ ...wholeBox, tokens: { from: 4, below: 64 } }, [
    { dim: "tokens", at: 16 },
    { dim: "tokens", at: 4 },
    { dim: "tokens", at: 64 },
    { dim: "context", at: 100 },
    { dim: "tokens", at: 16 },
  ]);
  expect(parts.map(({ tokens, context }) => [tokens.from, tokens.below, context.from])).toEqual([
    [4, 16, 1],
    [4, 16, 100],
    [16, 64, 1],
    [16, 64, 100],
  ]);
});
