import type { KernelRow, OperandClaim } from "@tensorplan/backend-api";
import { coreOps, dtypeNames, type Graph } from "@tensorplan/ir";
import { expect, test } from "vitest";
import { viewGraph } from "../../graph/graphView.ts";
import { anyKernel, profile, rule, tinyModel } from "../../testing/fixtures.ts";
import { plan } from "../makePlan.ts";
import type { PlanInput } from "../planInput.ts";
import { withCacheType } from "./withCacheType.ts";

const make = (more: Partial<PlanInput> = {}) =>
  plan({ graph: tinyModel(5), ops: coreOps, devices: [profile("cpu")], ...more }).warnings;
const codes = (more: Partial<PlanInput>) => make(more).map(({ code }) => code);

const card = (more: Parameters<typeof profile>[1] = {}) =>
  profile("cuda:0", { hostMemory: false, bandwidth: 1e12, memoryBytes: 2 ** 22, ...more });

test("default plans warn of nothing", () => {
  expect(make()).toEqual([]);
  expect(make({ graph: withCacheType(viewGraph(tinyModel(5), coreOps), "f32") })).toEqual([]);
  expect(make({ graph: withCacheType(viewGraph(tinyModel(5), coreOps), "q8_0") })).toEqual([]);
});

test("a device without work is named, with what to do", () => {
  expect(make({ devices: [profile("cpu"), card()] })).toEqual([
    {
      code: "idle-device",
      message: "cuda:0 (4.00 MiB) gets no work: no rule stores anything there",
      hint: "store layers there (-ngl N) or some weights (-ot REGEX=cuda:0), or plan without it",
    },
  ]);
});

/** Two of the layers' weights under the names of a gated product. */
const gated = (): Graph => {
  const text = JSON.stringify(tinyModel(3));
  return JSON.parse(
    text.replaceAll(".q.weight", ".ffn_up.weight").replaceAll(".k.weight", ".ffn_gate.weight"),
  );
};

test("up and gate on different devices are named with their rules, layers folded", () => {
  const devices = [profile("cpu"), profile("cpu:1")];
  const [warning, ...more] = make({
    graph: gated(),
    devices,
    rules: [rule("ups", { weight: "*ffn_up*" }, { store: "cpu:1" })],
  });
  expect(more).toEqual([]);
  expect(warning?.code).toBe("fused-weights-apart");
  expect(warning?.message).toContain(
    "'blk.*.ffn_up.weight' (layers 0–2) is on cpu:1 by rule 'ups' and 'blk.*.ffn_gate.weight' on cpu by rule 'weights and caches live on the first device'",
  );
  expect(
    codes({ graph: gated(), devices, rules: [rule("both", { weight: "*ffn_*" }, { store: "cpu:1" })] }),
  ).toEqual([]);
});

test("a fast device that is more than half empty is told of, with layers that fit and the flag", () => {
  const rules = [rule("last layer", { layer: { atLeast: 4 } }, { store: "cuda:0" })];
  const [warning, ...more] = make({ devices: [profile("cpu"), card()], rules });
  expect(more).toEqual([]);
  expect(warning).toMatchObject({
    code: "budget-unused",
    message: expect.stringMatching(/^cuda:0 uses .* of 4.00 MiB, while cpu, .* holds weights of layers 0–3 /),
    hint: expect.stringContaining("-ot 'blk\\.(0|1|2|3)\\.=cuda:0'"),
  });
  // No faster, or no room: nothing to tell.
  expect(codes({ devices: [profile("cpu"), card({ bandwidth: 1e10 })], rules })).toEqual([]);
  expect(codes({ devices: [profile("cpu"), card({ memoryBytes: 2 ** 20 })], rules })).toEqual([]);
});

test("splits that an operation without a kernel makes in each layer are told of, not single ones", () => {
  const devices = (layers: number): PlanInput => ({
    graph: tinyModel(layers),
    ops: coreOps,
    devices: [card({ without: ["add"], memoryBytes: 2 ** 40 }), profile("cpu")],
  });
  const [warning, ...more] = plan(devices(5)).warnings;
  expect(more).toEqual([]);
  expect(warning).toMatchObject({
    code: "splits-by-missing-kernel",
    message: expect.stringContaining(
      "because cuda:0 can't run add (it has no kernel for it): blk.*.residual (layers 0–4)",
    ),
    hint: expect.stringContaining("explain --why-not cuda:0 blk.0.residual"),
  });
  expect(plan(devices(1)).warnings).toEqual([]);
});

const halves: OperandClaim = { dtypes: ["f16", "f32"] };
const flashFor16Bits = (more: Partial<KernelRow> = {}): KernelRow => {
  const row = anyKernel("attention");
  return { ...row, ...more, operands: { ...row.operands, k: halves, v: halves } };
};

test("a cache type that costs attention its kernel is told of", () => {
  const graph = withCacheType(viewGraph(tinyModel(3), coreOps), "q8_0");
  const picky = profile("cpu", { without: ["attention"] });
  const devices = [{ ...picky, kernels: [flashFor16Bits(), ...picky.kernels] }];
  expect(make({ graph, devices })).toEqual([
    {
      code: "cache-type-moves-attention",
      message:
        "because the caches are q8_0, blk.*.attn (layers 0–2) runs as 'naive' on cpu by plain kernels; with f16 caches it would run as 'flash' on cpu by plain kernels",
      hint: "use another cache type (-ctk f16), or look at what the kernels take: explain --why-not cpu blk.0.attn",
    },
  ]);
  expect(make({ graph: tinyModel(3), devices })).toEqual([]);
});

test("a cache type that only slower kernels take is told of", () => {
  const graph = withCacheType(viewGraph(tinyModel(2), coreOps), "q8_0");
  const fast = flashFor16Bits({ name: "attention.fast", requires: ["avx512"] });
  const devices = [profile("cpu", { first: [fast], features: ["avx512"] })];
  const [warning] = make({ graph, devices });
  expect(warning?.message).toContain(
    "runs as 'flash' on cpu by plain kernels; with f16 caches it would run as 'flash' on cpu by kernels for avx512",
  );
});

test("a graph's caches get another type, with all that shares their bytes", () => {
  const graph = withCacheType(viewGraph(tinyModel(1), coreOps), "q8_0");
  const views = viewGraph(graph, coreOps);
  const ofStates = [...views.values.values()].filter(({ root }) => root.kind === "state");
  expect(ofStates.length).toBeGreaterThan(graph.states.length);
  expect(new Set(ofStates.map(({ dtype }) => dtype))).toEqual(new Set(["q8_0"]));
  expect(dtypeNames).toContain("q8_0");
});
