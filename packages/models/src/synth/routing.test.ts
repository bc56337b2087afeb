import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  coreOps,
  dtypes,
  evaluateGraph,
  type Graph,
  type HostTensor,
  hostTensor,
  resolveShape,
  type WeightDecl,
} from "@tensorplan/ir";
import { afterAll, describe, expect, test } from "vitest";
import { readModel } from "../definition/registry.ts";
import { type GgufFile, openGguf } from "../gguf/openGguf.ts";
import { readTensorBytes } from "../gguf/readTensorBytes.ts";
import { type Deepseek2Settings, deepseek2Preset } from "./architectures/deepseek2.ts";
import { qwen3moePreset } from "./architectures/qwen3moe.ts";
import type { SynthPreset } from "./preset.ts";
import { synthTensorTable, writeSynth } from "./synthFile.ts";

const folder = mkdtempSync(join(tmpdir(), "tensorplan-routing-"));
afterAll(() => rmSync(folder, { recursive: true }));

const TOKENS = 192;
const EXPERTS = 16;
const vocabulary = { size: 1024, pre: "deepseek-v3", bos: 0, eos: 1, addBos: true };

const v2: Deepseek2Settings = {
  name: "small-v2",
  layers: 4,
  denseLayers: 1,
  context: 1024,
  vocabulary,
  embd: 256,
  ffn: 320,
  heads: 4,
  latent: 64,
  nope: 32,
  rope: 32,
  value: 32,
  experts: EXPERTS,
  expertsUsed: 4,
  expertsShared: 1,
  expertFfn: 96,
  expertScale: 1,
  normalise: false,
  gating: "softmax",
  ropeBase: 10_000,
  yarn: { factor: 40, originalContext: 4096, logMultiplier: 0.07 },
};

const v3: Deepseek2Settings = {
  ...v2,
  name: "small-v3",
  queryLora: 96,
  gating: "sigmoid",
  normalise: true,
  expertScale: 2.5,
  groups: { count: 4, used: 2 },
};

const qwen = qwen3moePreset({
  name: "small-qwen",
  layers: 4,
  context: 1024,
  vocabulary,
  embd: 256,
  ffn: 512,
  heads: 4,
  kvHeads: 2,
  headDim: 32,
  experts: EXPERTS,
  expertsUsed: 4,
  expertFfn: 96,
  ropeBase: 1_000_000,
});

/** A weight's values, as its declaration derives them from the file. */
async function weightOf(file: GgufFile, graph: Graph, weight: WeightDecl): Promise<HostTensor> {
  const tensor = file.tensors.get(weight.source.tensor);
  if (tensor?.dtype === undefined) throw new Error(`no tensor ${weight.source.tensor}`);
  const stored = new Float32Array(tensor.shape.reduce((n, size) => n * size, 1));
  dtypes[tensor.dtype].decode(await readTensorBytes(file, tensor), stored, tensor.shape.at(-1) ?? 1);
  const shape = resolveShape(graph, weight, {});
  if (weight.source.kind !== "transpose-heads") return { dtype: "f32", shape, data: stored };
  const [heads = 1, rows = 1, columns = 1] = shape;
  const turned = Float32Array.from(stored, (_, i) => {
    const head = Math.floor(i / (rows * columns));
    const row = Math.floor(i / columns) % rows;
    return stored[(head * columns + (i % columns)) * rows + row] ?? Number.NaN;
  });
  expect(heads * rows * columns).toBe(stored.length);
  return { dtype: "f32", shape, data: turned };
}

const indices = (values: readonly number[], shape: readonly number[] = [values.length]): HostTensor => ({
  dtype: "i32",
  shape,
  data: Int32Array.from(values),
});

/** Runs a synthetic file by the reference implementations: logits, and how often each expert was chosen in each layer. */
async function runSmall(preset: SynthPreset) {
  const path = join(folder, `${preset.name}.gguf`);
  await writeSynth(path, { preset, type: "iq4_nl", seed: 3 });
  const file = await openGguf(path);
  const pages = TOKENS / 64;
  const bindings = { tokens: TOKENS, outputs: 1, sequences: 1, pages, context: TOKENS, slots: TOKENS };
  const limits = { tokens: TOKENS, outputs: 1, sequences: 1, context: TOKENS, slots: TOKENS };
  const graph = readModel(file.metadata, synthTensorTable({ preset, type: "iq4_nl" })).graph({
    limits,
    cacheDType: "f32",
  });
  const weights: Record<string, HostTensor> = {};
  for (const weight of graph.weights) weights[weight.id] = await weightOf(file, graph, weight);
  const states = Object.fromEntries(
    graph.states.map((state) => [state.id, hostTensor("f32", resolveShape(graph, state, bindings))]),
  );
  const positions = Array.from({ length: TOKENS }, (_, i) => i);
  const inputs = {
    // 389 shares no factor with 1024: tokens look random and none comes twice.
    tokens: indices(positions.map((i) => (i * 389 + 5) % 1024)),
    positions: indices(positions),
    sequence_of: indices(positions.map(() => 0)),
    slots: indices(positions),
    page_table: indices([...Array(pages).keys()], [1, pages]),
    output_rows: indices([TOKENS - 1]),
  };
  const chosen: number[][] = [];
  const { logits } = evaluateGraph(graph, coreOps, {
    inputs,
    weights,
    states,
    bindings,
    onNode(node, { ids }) {
      if (node.op === "route_experts" && ids !== undefined && ids.shape[0] === TOKENS) {
        const counts = Array<number>(EXPERTS).fill(0);
        for (const id of ids.data) counts[id] = (counts[id] ?? 0) + 1;
        chosen.push(counts);
      }
    },
  });
  return { logits: Float32Array.from(logits?.data ?? []), chosen };
}

describe.each([
  ["softmax routing", deepseek2Preset(v2), 2],
  ["sigmoid routing with a bias and groups", deepseek2Preset(v3), 2],
  ["normalised softmax routing", qwen, 3],
] as const)("%s of a synthetic model", (_, preset, layers) => {
  test("gives every expert 0.5 to 2 times its even share, and logits of size one", {
    timeout: 60_000,
  }, async () => {
    const { logits, chosen } = await runSmall(preset);
    expect(chosen.length).toBe(layers);
    const even = (TOKENS * 4) / EXPERTS;
    for (const counts of chosen) {
      expect(Math.min(...counts)).toBeGreaterThanOrEqual(0.5 * even);
      expect(Math.max(...counts)).toBeLessThanOrEqual(2 * even);
    }
    const deviation = Math.sqrt(logits.reduce((sum, x) => sum + x * x, 0) / logits.length);
    expect(deviation).toBeGreaterThan(0.7);
    expect(deviation).toBeLessThan(1.4);
  });
});
