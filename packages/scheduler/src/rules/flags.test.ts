import { expect, test } from "vitest";
import { profile, tinyModel } from "../testing/fixtures.ts";
import { rulesFromFlags } from "./flags.ts";

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

test.each([
  [{ overrideTensors: ["exps"] }, "flags/override-tensor"],
  [{ overrideTensors: ["exps=CUDA7"] }, "flags/unknown-device"],
  [{ gpuLayers: -1 }, "flags/gpu-layers"],
  [{ gpuLayers: 1.5 }, "flags/gpu-layers"],
])("refuses %j", (flags, code) => {
  expect(() => rulesOf(flags)).toThrow(expect.objectContaining({ code }));
});
