import { emulateLlama, formatGgmlDump, llamaPreset } from "@tensorplan/ggml-policy";
import { synthPreset } from "@tensorplan/models";
import { expect, test } from "vitest";
import { schedulerReferences } from "./reference.ts";

const model = llamaPreset(synthPreset("deepseek-v2-lite"), "iq4_nl");

test.each(schedulerReferences())(
  "devices, splits and their inputs are those that llama.cpp printed: $name",
  ({ flags, listing }) => {
    const dump = formatGgmlDump(emulateLlama(model, flags, "CUDA0"))
      .trimEnd()
      .split("\n");
    expect(dump).toEqual(listing);
  },
);
