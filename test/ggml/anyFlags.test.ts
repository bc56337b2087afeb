import { emulateLlama, ggmlPlan, type LlamaFlags, llamaMachine, llamaPreset } from "@tensorplan/ggml-policy";
import { synthPreset } from "@tensorplan/models";
import { readDevices } from "@tensorplan/runtime";
import { planHash } from "@tensorplan/scheduler";
import fc from "fast-check";
import { expect, test } from "vitest";

const model = llamaPreset(synthPreset("deepseek-v2-lite"), "iq4_nl", 6);
const types = ["f16", "f32", "bf16", "q8_0", "q4_0", "q5_1", "iq4_nl"];

/** Sizes around those at which something turns: 32 rows; llama.cpp's forks also ask whether 342 tokens fill 64 experts. */
const sizes = fc.constantFrom(1, 2, 8, 31, 32, 33, 64, 256, 341, 342, 343, 512, 1100);
const patterns = fc.constantFrom(
  "exps=CPU",
  "attn=CPU",
  "norm=CPU",
  "blk\\.(1|3)\\.=CPU",
  "token_embd=CUDA0",
);

const someFlags: fc.Arbitrary<LlamaFlags> = fc.record({
  gpuLayers: fc.integer({ min: 0, max: 8 }),
  flashAttention: fc.constantFrom("on", "off", "auto"),
  keepCacheOnCpu: fc.boolean(),
  noOpOffload: fc.boolean(),
  cpuExpertLayers: fc.integer({ min: 0, max: 7 }),
  overrideTensors: fc.array(patterns, { maxLength: 2 }),
  prompt: sizes,
  microBatch: sizes,
  batch: sizes,
});

test("whatever the flags, every node has a device that can run it, splits cover the graph, and copies are needed", () => {
  fc.assert(
    fc.property(someFlags, fc.constantFrom(...types), fc.boolean(), (flags, type, gpu) => {
      const cache = flags.flashAttention === "on" || type === "f16" ? type : "f16";
      const given = { ...flags, keyType: cache, valueType: cache };
      const wanted = gpu ? given : { ...given, overrideTensors: [] };
      const { graphs } = emulateLlama(model, wanted, gpu ? "CUDA0" : undefined);
      for (const { schedule } of graphs) {
        const { graph, devices, splits } = schedule;
        let next = 0;
        for (const { backend, start, end, inputs } of splits) {
          expect(start).toBe(next);
          next = end;
          for (const input of inputs) expect(devices.reads(backend, input)).toBe(false);
          expect(new Set(inputs).size).toBe(inputs.length);
        }
        expect(next).toBe(graph.nodes.length);
        for (const node of graph.nodes) {
          const at = devices.get(node);
          expect(at !== undefined && devices.supports(at, node)).toBe(true);
          expect(devices.cause(node)).toBeDefined();
        }
        expect(gpu || splits.length === 1).toBe(true);
      }
    }),
    { numRuns: 60, seed: 7 },
  );
});

test("below 32 rows nothing is copied for a step, from 32 on weights are", () => {
  const splitsAt = (prompt: number) => {
    const { graphs } = emulateLlama(model, { gpuLayers: 99, overrideTensors: ["exps=CPU"], prompt }, "CUDA0");
    return graphs.map(({ schedule }) => schedule.splits.length);
  };
  expect(splitsAt(31)).toEqual([12, 12, 12]);
  expect(splitsAt(32)).toEqual([12, 17, 16]);
  expect(splitsAt(342)).toEqual(splitsAt(32));
});

test("the same flags give the same plan", async () => {
  const machine = llamaMachine(await readDevices("h100"));
  const make = () =>
    planHash(ggmlPlan(emulateLlama(model, { gpuLayers: 3, prompt: 64 }, machine.gpuName), machine));
  expect(make()).toBe(make());
});
