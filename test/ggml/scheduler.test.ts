import { emulateLlama, formatGgmlDump, llamaPreset } from "@tensorplan/ggml-policy";
import { synthPreset } from "@tensorplan/models";
import { expect, test } from "vitest";
import { schedulerReferences } from "./reference.ts";

const models = {
  "V2-Lite": llamaPreset(synthPreset("deepseek-v2-lite"), "iq4_nl"),
  "V2-Lite-Q8_0": llamaPreset(synthPreset("deepseek-v2-lite"), "q8_0"),
  "V2-4-layers": llamaPreset(synthPreset("deepseek-v2"), "iq4_nl", 4),
  "V3-5-layers": llamaPreset(synthPreset("deepseek-v3"), "iq4_nl", 5),
};

test.each([...schedulerReferences(), ...schedulerReferences("ggml-sched-more")])(
  "devices, splits and their inputs are those that llama.cpp printed: $name",
  ({ model, flags, listing }) => {
    const emulated = emulateLlama(models[model as keyof typeof models], flags, "CUDA0");
    const dump = formatGgmlDump(emulated).trimEnd().split("\n");
    // The later listings were made without sizes of buffers.
    const whole = listing.some((line) => line.startsWith("# load_tensors"));
    expect(listing.length).toBeGreaterThan(200);
    expect(dump.slice(whole ? 0 : dump.findIndex((line) => line.startsWith("# graph")))).toEqual(listing);
  },
);

test("the flags of the discussion that started it give 54, 80 and 79 splits, and 972 MiB of cache on the GPU", () => {
  const reference = schedulerReferences("ggml-sched-more").find(({ name }) => name === "seed");
  expect(reference?.flags).toMatchObject({
    gpuLayers: 100,
    overrideTensors: ["exps=CPU"],
    contextSize: 32_768,
  });
  const emulated = emulateLlama(models["V2-Lite"], reference?.flags ?? {}, "CUDA0");
  expect(formatGgmlDump(emulated)).toContain("# llama_kv_cache: CUDA0 KV buffer size = 972.00 MiB\n");
  const { graphs } = emulated;
  expect(graphs.map(({ phase, schedule }) => [phase, schedule.splits.length])).toEqual([
    ["decode", 54],
    ["prefill-reserve", 80],
    ["prefill", 79],
  ]);
});
