import { expect, test } from "vitest";
import { profile, tinyModel } from "../../testing/fixtures.ts";
import { shardModel } from "../../testing/shardModel.ts";
import type { PlacementFlags } from "./placementFlags.ts";
import { rulesFromFlags } from "./rulesFromFlags.ts";

const graph = tinyModel(4);
const cpu = profile("cpu");
const gpu = profile("cuda:0", { hostMemory: false });
const rulesOf = (flags: Parameters<typeof rulesFromFlags>[0], devices = [cpu, gpu]) =>
  rulesFromFlags(flags, { graph, devices }).map((rule) => ({ when: rule.when, do: rule.do }));

test("-ngl stores the last layers on the accelerator and the rest with the host", () => {
  expect(rulesOf({ gpuLayers: 3 })).toEqual([
    { when: { layer: { atLeast: 1 } }, do: { store: "cuda:0" } },
    { when: {}, do: { store: "cpu" } },
  ]);
});

test("-ngl above the number of layers takes the output head along", () => {
  expect(rulesOf({ gpuLayers: 99 })).toEqual([
    { when: { layer: { atLeast: 0 } }, do: { store: "cuda:0" } },
    { when: { kind: "weight", weight: { regex: "^output" } }, do: { store: "cuda:0" } },
    { when: {}, do: { store: "cpu" } },
  ]);
});

test("-ngl 0 keeps everything with the host, whatever device comes first", () => {
  expect(rulesOf({ gpuLayers: 0 }, [gpu, cpu])).toEqual([{ when: {}, do: { store: "cpu" } }]);
});

test("-ngl without a second device would have no effect, and is refused", () => {
  expect(() => rulesOf({ gpuLayers: 1 }, [cpu])).toThrow(
    expect.objectContaining({ code: "flags/no-accelerator" }),
  );
});

test("-ot makes store rules in order, before -ngl, and knows ggml's names of devices", () => {
  expect(
    rulesOf({ gpuLayers: 0, overrideTensors: ["exps=CPU,blk\\.[0-9]{1,2}\\.q=CUDA0", "q=cuda:0"] }),
  ).toEqual([
    { when: { kind: "weight", weight: { regex: "exps" } }, do: { store: "cpu" } },
    { when: { kind: "weight", weight: { regex: "blk\\.[0-9]{1,2}\\.q" } }, do: { store: "cuda:0" } },
    { when: { kind: "weight", weight: { regex: "q" } }, do: { store: "cuda:0" } },
    { when: {}, do: { store: "cpu" } },
  ]);
});

test("rules of repeated flags keep different names", () => {
  const rules = rulesFromFlags({ overrideTensors: ["a=cpu,a=cpu", "a=cpu"] }, { graph, devices: [cpu] });
  expect(new Set(rules.map(({ name }) => name)).size).toBe(3);
});

const cards = [cpu, gpu, profile("cuda:1", { hostMemory: false })];
const runs = (flags: PlacementFlags, devices = cards, model = graph) =>
  rulesFromFlags(flags, { graph: model, devices }).flatMap(({ when, do: action }) =>
    when.layer === undefined
      ? []
      : [[when.layer.atLeast, when.layer.below, "store" in action && action.store]],
  );

test("-ngl spreads layers over accelerators by their bytes, in proportion to memory", () => {
  expect(runs({ gpuLayers: 4 })).toEqual([
    [0, 2, "cuda:0"],
    [2, 4, "cuda:1"],
  ]);
  const larger = profile("cuda:1", { hostMemory: false, memoryBytes: 3 * 2 ** 40 });
  expect(runs({ gpuLayers: 4 }, [cpu, gpu, larger])).toEqual([
    [0, 1, "cuda:0"],
    [1, 4, "cuda:1"],
  ]);
});

test("what other flags keep elsewhere doesn't weigh", () => {
  expect(runs({ gpuLayers: 4, overrideTensors: ["blk\\.[01]\\.=CPU"], noKvOffload: true })).toEqual([
    [0, 3, "cuda:0"],
    [3, 4, "cuda:1"],
  ]);
});

test("-ts counts layers as ggml does, and accelerators behind the last share get none", () => {
  expect(runs({ gpuLayers: 4, tensorSplit: "3,1" })).toEqual([
    [0, 3, "cuda:0"],
    [3, 4, "cuda:1"],
  ]);
  expect(runs({ gpuLayers: 3, tensorSplit: "0/1" })).toEqual([[1, undefined, "cuda:1"]]);
  expect(runs({ gpuLayers: 3, tensorSplit: "1" })).toEqual([[1, undefined, "cuda:0"]]);
});

test("the output head goes with the last run", () => {
  const rules = rulesFromFlags({ gpuLayers: 99, tensorSplit: "1,1" }, { graph, devices: cards });
  expect(rules.map(({ name, when, do: action }) => [name, when, action])).toEqual([
    ["-ngl 99: layers on cuda:0", { layer: { atLeast: 0, below: 3 } }, { store: "cuda:0" }],
    ["-ngl 99: layers on cuda:1", { layer: { atLeast: 3, below: 4 } }, { store: "cuda:1" }],
    ["-ngl 99: output", { kind: "weight", weight: { regex: "^output" } }, { store: "cuda:1" }],
    ["-ngl 99: the rest", {}, { store: "cpu" }],
  ]);
  expect(new Set(rules.map(({ origin }) => origin.kind === "flag" && origin.text))).toEqual(
    new Set(["-ngl 99 -ts 1,1"]),
  );
});

test.each([["1"], ["cuda:1"], ["CUDA1"]])("-sm none -mg %s puts all layers on one accelerator", (mainGpu) => {
  expect(runs({ gpuLayers: 2, splitMode: "none", mainGpu })).toEqual([[2, undefined, "cuda:1"]]);
});

test("-sm layer says what -ngl does anyway", () => {
  expect(runs({ gpuLayers: 4, splitMode: "layer" })).toEqual(runs({ gpuLayers: 4 }));
});

test("--n-cpu-moe and --cpu-moe store experts with the host, before -ngl", () => {
  const experts = { kind: "weight", weight: { regex: "_exps(\\.|$)" } };
  expect(rulesOf({ gpuLayers: 0, cpuExpertLayers: 2, cpuExperts: true })).toEqual([
    { when: { ...experts, layer: { below: 2 } }, do: { store: "cpu" } },
    { when: experts, do: { store: "cpu" } },
    { when: {}, do: { store: "cpu" } },
  ]);
});

test("--no-kv-offload stores caches with the host, --no-op-offload places where weights live", () => {
  expect(rulesOf({ noKvOffload: true, noOpOffload: true })).toEqual([
    { when: { kind: "state" }, do: { store: "cpu" } },
    { when: {}, do: { follow: "weight" } },
  ]);
});

test.each<[PlacementFlags, string]>([
  [{ overrideTensors: ["exps"] }, "flags/tensors-to-device"],
  [{ streamTensors: ["exps"] }, "flags/tensors-to-device"],
  [{ overrideTensors: ["exps=CUDA7"] }, "flags/unknown-device"],
  [{ gpuLayers: -1 }, "flags/gpu-layers"],
  [{ gpuLayers: 1.5 }, "flags/gpu-layers"],
  [{ cpuExpertLayers: 0 }, "flags/no-effect"],
  [{ cpuExpertLayers: -1 }, "flags/cpu-moe"],
  [{ tensorSplit: "1,1" }, "flags/no-effect"],
  [{ gpuLayers: 0, splitMode: "layer" }, "flags/no-effect"],
  [{ gpuLayers: 2, tensorSplit: "1,1" }, "flags/no-effect"],
  [{ gpuLayers: 2, mainGpu: "0" }, "flags/no-effect"],
  [{ gpuLayers: 2, splitMode: "none", tensorSplit: "1" }, "flags/no-effect"],
  [{ gpuLayers: 2, splitMode: "none", mainGpu: "1" }, "flags/main-gpu"],
  [{ gpuLayers: 2, splitMode: "none", mainGpu: "cpu" }, "flags/main-gpu"],
  [{ gpuLayers: 2, splitMode: "row" }, "flags/no-effect"],
])("refuses %j", (flags, code) => {
  expect(() => rulesOf(flags)).toThrow(expect.objectContaining({ code }));
});

test.each(["1,1,1", "0,0", "1,-1", "a,b", "1,,1", ""])("refuses the shares %j", (tensorSplit) => {
  expect(() => runs({ gpuLayers: 2, tensorSplit })).toThrow(
    expect.objectContaining({ code: "flags/tensor-split" }),
  );
});

test.each<[PlacementFlags]>([[{ cpuExperts: true }], [{ noKvOffload: true }], [{ noOpOffload: true }]])(
  "%j chooses between host and accelerators, and needs both",
  (flags) => {
    expect(() => rulesOf(flags, [cpu])).toThrow(expect.objectContaining({ code: "flags/no-accelerator" }));
  },
);

test("-sm row cuts rows of matrices over the accelerators in front of what lives on the main one", () => {
  const model = shardModel({ embd: 64, ffn: 96, expertFfn: 64, vocab: 64, dtype: "f16" });
  const flags = { gpuLayers: 99, splitMode: "row", mainGpu: "1", tensorSplit: "1,3" } as const;
  const rules = rulesFromFlags(flags, { graph: model, devices: cards });
  const offloaded = { or: [{ layer: { atLeast: 0 } }, { kind: "weight", weight: { regex: "^output" } }] };
  const over = { devices: ["cuda:1", "cuda:0"], shares: [3, 1] };
  const of = (weight: unknown) => ({ kind: "weight", weight, ...offloaded });
  expect(rules.map(({ when, do: action }) => [when, action])).toEqual([
    [of("blk.*.down.weight"), { shard: { axis: "embd", ...over } }],
    [of("blk.*.router.weight"), { shard: { axis: "experts", ...over } }],
    [
      of({ regex: "^(?:blk\\.\\d+\\.gate\\.weight|blk\\.\\d+\\.up\\.weight)$" }),
      { shard: { axis: "ffn", ...over } },
    ],
    [of("output.weight"), { shard: { axis: "vocab", ...over } }],
    [{ layer: { atLeast: 0 } }, { store: "cuda:1" }],
    [{ kind: "weight", weight: { regex: "^output" } }, { store: "cuda:1" }],
    [{}, { store: "cpu" }],
  ]);
  const equal = rulesFromFlags({ gpuLayers: 1, splitMode: "row" }, { graph: model, devices: cards });
  expect(equal[0]?.do).toEqual({ shard: { axis: "embd", devices: ["cuda:0", "cuda:1"] } });
  expect(equal[0]?.when).toMatchObject({ layer: { atLeast: 2 } });
  expect(() => rulesFromFlags({ ...flags, tensorSplit: "0,1" }, { graph: model, devices: cards })).toThrow(
    expect.objectContaining({ code: "flags/no-effect" }),
  );
});
