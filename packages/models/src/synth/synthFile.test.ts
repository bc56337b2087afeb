import { createHash } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { dtypes, isDType } from "@tensorplan/ir";
import { afterAll, describe, expect, test } from "vitest";
import { readModel } from "../definition/registry.ts";
import { openGguf } from "../gguf/openGguf.ts";
import { readTensorBytes } from "../gguf/readTensorBytes.ts";
import { tokenizerFromGguf } from "../tokenizer/tokenizerFromGguf.ts";
import { type Deepseek2Settings, deepseek2Preset } from "./architectures/deepseek2.ts";
import type { SynthPreset } from "./preset.ts";
import { synthPreset, synthPresets } from "./presets/all.ts";
import { synthMetadata, synthTensorTable, writeSynth } from "./synthFile.ts";

const folder = mkdtempSync(join(tmpdir(), "tensorplan-synth-"));
afterAll(() => rmSync(folder, { recursive: true }));

const limits = { tokens: 8, outputs: 1, sequences: 1, context: 64, slots: 64 };

/** DeepSeek's structure in a size that writes in a moment. */
const small: Deepseek2Settings = {
  name: "small",
  layers: 3,
  denseLayers: 1,
  context: 1024,
  vocabulary: { size: 1024, pre: "deepseek-llm", bos: 1000, eos: 1001, addBos: true },
  embd: 256,
  ffn: 320,
  heads: 4,
  latent: 64,
  nope: 32,
  rope: 32,
  value: 32,
  experts: 16,
  expertsUsed: 4,
  expertsShared: 1,
  expertFfn: 96,
  expertScale: 1,
  normalise: false,
  gating: "softmax",
  ropeBase: 10_000,
  yarn: { factor: 40, originalContext: 4096, logMultiplier: 0.07 },
};

const digest = (path: string) => createHash("sha256").update(readFileSync(path)).digest("hex");

async function valuesOf(path: string, name: string): Promise<Float32Array> {
  const file = await openGguf(path);
  const tensor = file.tensors.get(name);
  if (tensor?.dtype === undefined || !isDType(tensor.dtype)) throw new Error(`no tensor ${name}`);
  const out = new Float32Array(tensor.shape.reduce((n, size) => n * size, 1));
  dtypes[tensor.dtype].decode(await readTensorBytes(file, tensor), out, tensor.shape.at(-1) ?? 1);
  return out;
}

const deviation = (values: Float32Array) =>
  Math.sqrt(values.reduce((sum, x) => sum + x * x, 0) / values.length);

describe("presets", () => {
  test.each(synthPresets.map((preset) => [preset.name, preset] as const))(
    "%s gives the metadata and tensors that its model definition asks for, and no others",
    (_, preset: SynthPreset) => {
      for (const layout of preset.layouts) {
        const options = { preset, type: "iq4_nl", layout, layers: Math.min(preset.layers, 5) } as const;
        const asked = new Set<string>();
        const table = synthTensorTable(options);
        const model = readModel(synthMetadata(options), {
          get: (name) => {
            asked.add(name);
            return table.get(name);
          },
        });
        const graph = model.graph({ limits, cacheDType: "f16" });
        expect(graph.outputs.map(({ name }) => name)).toContain("logits");
        const written = preset.tensors(options.layers, layout).map(({ name }) => name);
        expect(written.filter((name) => !asked.has(name))).toEqual([]);
      }
    },
  );

  test("have the parameters of the published models", () => {
    const billions = (name: string) => {
      const preset = synthPreset(name);
      const sizes = preset
        .tensors(preset.layers, "mla")
        .map(({ shape }) => shape.reduce((n, size) => n * size, 1));
      return Math.round(sizes.reduce((sum, size) => sum + size, 0) / 1e8) / 10;
    };
    const counted = Object.fromEntries(synthPresets.map(({ name }) => [name, billions(name)]));
    expect(counted).toEqual({
      "deepseek-v2-lite": 15.7,
      "deepseek-v2": 235.7,
      "deepseek-v3": 671,
      "deepseek-r1": 671,
      "kimi-k2": 1026.4,
      "llama-3.1-8b": 8,
      "llama-3.3-70b": 70.6,
      "qwen3-30b-a3b": 30.5,
      "qwen3-235b-a22b": 235.1,
    });
  });

  test("an unknown name is refused with the known ones", () => {
    expect(() => synthPreset("gpt-5")).toThrow(/gpt-5/);
  });
});

describe("writing", () => {
  test.each(["f32", "f16", "bf16", "q8_0", "iq4_nl"] as const)(
    "a file of type %s opens again with every shape and type as stated",
    async (type) => {
      const preset = deepseek2Preset(small);
      const path = join(folder, `${type}.gguf`);
      const bytes = await writeSynth(path, { preset, type });
      const file = await openGguf(path);
      const table = synthTensorTable({ preset, type });
      for (const tensor of file.tensors.values()) {
        expect(table.get(tensor.name)).toEqual({
          shape: tensor.shape,
          dtype: tensor.dtype,
          typeName: tensor.dtype,
        });
      }
      expect(file.tensors.size).toBe(preset.tensors(3, "mla").length);
      expect(readFileSync(path).length).toBe(bytes);
    },
  );

  test("the same seed gives the same bytes, another seed others", async () => {
    const preset = deepseek2Preset(small);
    const write = async (name: string, seed: number) => {
      await writeSynth(join(folder, name), { preset, type: "iq4_nl", seed });
      return digest(join(folder, name));
    };
    expect(await write("a", 7)).toBe(await write("b", 7));
    expect(await write("c", 8)).not.toBe(await write("a", 7));
  });

  test.each(["f16", "q8_0", "iq4_nl"] as const)(
    "%s weights keep the size of what they multiply, around a mean of zero",
    async (type) => {
      const path = join(folder, "sizes.gguf");
      await writeSynth(path, { preset: deepseek2Preset(small), type });
      const weights = await valuesOf(path, "blk.1.ffn_gate_exps.weight");
      expect(deviation(weights) * Math.sqrt(small.embd)).toBeCloseTo(1, 1);
      const mean = weights.reduce((sum, x) => sum + x, 0) / weights.length;
      expect(Math.abs(mean)).toBeLessThan(0.01 * deviation(weights));
    },
  );

  test("no two experts are alike", async () => {
    const path = join(folder, "experts.gguf");
    await writeSynth(path, { preset: deepseek2Preset(small), type: "iq4_nl" });
    const weights = await valuesOf(path, "blk.1.ffn_up_exps.weight");
    const expert = small.embd * small.expertFfn;
    const [first, second] = [weights.subarray(0, expert), weights.subarray(expert, 2 * expert)];
    const product = first.reduce((sum, x, i) => sum + x * (second[i] ?? 0), 0);
    expect(Math.abs(product) / (expert * deviation(first) * deviation(second))).toBeLessThan(0.05);
  });

  test("norms are one and the router's rows have length one", async () => {
    const path = join(folder, "norms.gguf");
    await writeSynth(path, { preset: deepseek2Preset(small), type: "q8_0" });
    expect(new Set(await valuesOf(path, "blk.0.attn_norm.weight"))).toEqual(new Set([1]));
    const rows = await valuesOf(path, "blk.2.ffn_gate_inp.weight");
    for (let i = 0; i < small.experts; i++) {
      const row = rows.subarray(i * small.embd, (i + 1) * small.embd);
      expect(row.reduce((sum, x) => sum + x * x, 0)).toBeCloseTo(1, 5);
    }
  });

  test("every text survives the synthetic vocabulary", async () => {
    const tokenizer = tokenizerFromGguf(synthMetadata({ preset: deepseek2Preset(small), type: "f16" }));
    for (const text of ["the captain of the ship", "Zoë\t§ 12 naïve 💡\n", "\u0000\u00ff"]) {
      expect(tokenizer.decode(tokenizer.encode(text))).toBe(text);
    }
    expect(tokenizer.encode("a", { addBos: true })[0]).toBe(1000);
  });

  test("a cancelled file leaves nothing behind", async () => {
    const inside = mkdtempSync(join(folder, "cancel-"));
    const cancel = new AbortController();
    const writing = writeSynth(join(inside, "x.gguf"), {
      preset: deepseek2Preset(small),
      type: "f32",
      signal: cancel.signal,
      onProgress: (done) => {
        if (done > 0) cancel.abort();
      },
    });
    await expect(writing).rejects.toMatchObject({ code: "gguf/aborted" });
    expect(readdirSync(inside)).toEqual([]);
  });

  test.each([
    ["layers", { layers: 4 }, "synth/layers"],
    ["no layers", { layers: 0 }, "synth/layers"],
  ] as const)("refuses %s that the model doesn't have", (_, options, code) => {
    const preset = deepseek2Preset(small);
    expect(() => synthMetadata({ preset, type: "f16", ...options })).toThrow(
      expect.objectContaining({ code }),
    );
  });

  test("refuses a latent's layout for a model without one", () => {
    const preset = synthPreset("llama-3.1-8b");
    expect(() => synthTensorTable({ preset, type: "f16", layout: "kv_b" })).toThrow(
      expect.objectContaining({ code: "synth/layout" }),
    );
  });
});
