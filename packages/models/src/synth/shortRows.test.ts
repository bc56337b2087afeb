import { dtypes, storageOnlyNames } from "@tensorplan/ir";
import { expect, test } from "vitest";
import { synthPreset } from "./presets/all.ts";
import { typeForShortRows } from "./shortRows.ts";
import { synthTensorTable } from "./synthFile.ts";

test.each([
  ["iq2_ks", "iq4_nl"],
  ["iq4_k", "iq4_nl"],
  ["q4_k", "q5_0"],
  ["q5_k", "q5_1"],
  ["q6_k", "q8_0"],
] as const)("rows too short for blocks of %s are stored as %s", (type, short) => {
  expect(typeForShortRows(type)).toBe(short);
});

test("the type for short rows has small blocks and no fewer bits", () => {
  const bits = (type: keyof typeof dtypes) => dtypes[type].blockBytes / dtypes[type].blockSize;
  for (const type of storageOnlyNames.filter((name) => dtypes[name].blockSize === 256)) {
    const short = typeForShortRows(type);
    expect(dtypes[short].blockSize, type).toBe(32);
    expect(bits(short), type).toBeGreaterThanOrEqual(bits(type) * 0.97);
  }
});

test("a preset takes it only where rows are too short", () => {
  const table = synthTensorTable({ preset: synthPreset("deepseek-v2-lite"), type: "q4_k" });
  expect(table.get("blk.1.ffn_up_exps.weight")?.dtype).toBe("q4_k");
  expect(table.get("blk.1.ffn_down_exps.weight")?.dtype).toBe("q5_0");
  expect(table.get("blk.1.attn_k_b.weight")?.dtype).toBe("q5_0");
  expect(table.get("token_embd.weight")?.dtype).toBe("q8_0");
});
