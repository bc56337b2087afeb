import { deviceId } from "@tensorplan/backend-api";
import { coreOps } from "@tensorplan/ir";
import { describe, expect, test } from "vitest";
import { plan } from "../plan/makePlan.ts";
import { planFromJson, planHash, planToJson } from "../plan/planJson.ts";
import { profile, rule, tinyModel } from "../testing/fixtures.ts";
import { estimateStep, type StepEstimate } from "./estimateStep.ts";
import { phaseStep } from "./stepBindings.ts";

const decode = { tokens: 1, context: 64, sequences: 1 };
const one = (more: Parameters<typeof profile>[1] = {}) =>
  plan({ graph: tinyModel(), ops: coreOps, devices: [profile("a", more)] });
const two = () =>
  plan({
    graph: tinyModel(),
    ops: coreOps,
    devices: [profile("a"), profile("b", { hostMemory: false })],
    links: [{ between: [deviceId("b"), deviceId("a")], bandwidth: 1e9, latencyNs: 5000 }],
    rules: [rule("second layer", { layer: { atLeast: 1 } }, { store: "b" })],
  });
const nodeOf = (estimate: StepEstimate, id: string) => estimate.nodes.find(({ node }) => node === id);

describe("estimating a step", () => {
  test("takes a matmul's operations and bytes from the operation and its speed from the profile", () => {
    const estimate = estimateStep(one(), decode);
    // x [1, 64] f32, w [64, 64] f16, out [1, 64] f32: 8704 bytes at 10 GB/s; 2·64·64 operations at 10 Gop/s.
    expect(nodeOf(estimate, "blk.0.q")).toMatchObject({
      flops: 8192,
      bytes: 8704,
      memoryNs: 871,
      computeNs: 820,
      overheadNs: 0,
      ns: 871,
      limit: "memory",
    });
    const large = estimateStep(one(), { tokens: 128, context: 128, sequences: 1 });
    expect(nodeOf(large, "blk.0.q")).toMatchObject({ computeNs: 104_858, limit: "compute" });
  });

  test("adds what every execution costs", () => {
    const slow = profile("a").kernels.map((row) => ({ ...row, cost: { ...row.cost, overheadNs: 7000 } }));
    const estimate = estimateStep(one({ kernels: slow }), decode);
    expect(nodeOf(estimate, "blk.0.q")).toMatchObject({ overheadNs: 7000, ns: 7871, limit: "overhead" });
  });

  test("views take no time, and a single device's step is the sum of its nodes", () => {
    const estimate = estimateStep(one(), decode);
    expect(nodeOf(estimate, "blk.0.q_heads")).toMatchObject({ ns: 0, limit: "none", kernel: null });
    expect(estimate.totalNs).toBe(estimate.nodes.reduce((sum, { ns }) => sum + ns, 0));
    expect(estimate.devices).toEqual([{ device: "a", busyNs: estimate.totalNs }]);
    expect(estimate.criticalPath).toEqual(estimate.splits.map(({ id }) => id));
  });

  test("copies take their link's latency and bytes over its bandwidth, and devices wait for them", () => {
    const made = two();
    const estimate = estimateStep(made, decode);
    expect(estimate.transfers.length).toBeGreaterThan(1);
    for (const [index, { ns, bytes, startNs, endNs }] of estimate.transfers.entries()) {
      expect(ns).toBe(5000 + bytes);
      expect(endNs - startNs).toBe(ns);
      const after = made.variants[0]?.transfers[index]?.after;
      const source = estimate.splits.find(({ id }) => id === after);
      expect(startNs).toBeGreaterThanOrEqual(source?.endNs ?? Number.POSITIVE_INFINITY);
    }
    const longest = Math.max(...estimate.devices.map(({ busyNs }) => busyNs));
    const all = estimate.devices.reduce((sum, { busyNs }) => sum + busyNs, 0);
    expect(estimate.totalNs).toBeGreaterThan(longest);
    expect(estimate.totalNs).toBeLessThanOrEqual(all);
    const along = [...estimate.splits, ...estimate.transfers].filter(({ id }) =>
      estimate.criticalPath.includes(id),
    );
    expect(along.reduce((sum, { ns }) => sum + ns, 0)).toBe(estimate.totalNs);
  });

  test("holds whole numbers only, the same after a plan was written and read", () => {
    const made = two();
    const estimate = estimateStep(made, phaseStep(made, "prefill"));
    const numbers: number[] = [];
    JSON.stringify(estimate, (_, value: unknown) => {
      if (typeof value === "number") numbers.push(value);
      return value;
    });
    expect(numbers.filter((value) => !Number.isSafeInteger(value))).toEqual([]);
    const read = planFromJson(planToJson(made));
    expect(planHash(read)).toBe(planHash(made));
    expect(estimateStep(read, phaseStep(read, "prefill"))).toEqual(estimate);
  });

  test("refuses a step that the plan doesn't serve", () => {
    const made = one();
    const [first] = made.variants;
    const only = { ...made, variants: first === undefined ? [] : [first] };
    const served = {
      ...only,
      variants: only.variants.map((v) => ({ ...v, box: { ...v.box, tokens: { from: 1, below: 2 } } })),
    };
    expect(() => estimateStep(served, { tokens: 9, context: 64, sequences: 1 })).toThrow(
      expect.objectContaining({ code: "plan/no-variant" }),
    );
  });

  test("the snapshot of capabilities is hashed, whatever the order of features and links", () => {
    const { capabilities } = one({ features: ["x", "y"] });
    expect(one({ features: ["y", "x"] }).capabilities).toEqual(capabilities);
    expect(one({ features: ["x"] }).capabilities.hash).not.toBe(capabilities.hash);
    expect(capabilities.devices[0]?.kernels.length).toBeGreaterThan(10);
  });
});
