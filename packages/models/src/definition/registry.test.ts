import path from "node:path";
import { fileURLToPath } from "node:url";
import { type Graph, TensorplanError } from "@tensorplan/ir";
import { expect, test } from "vitest";
import { embeddedModelPath } from "../embeddedModelPath.ts";
import type { GgufValue } from "../gguf/ggufValue.ts";
import { openGguf } from "../gguf/openGguf.ts";
import { fileTensors } from "./fileTensors.ts";
import { readModel } from "./registry.ts";
import type { TensorTable } from "./weights.ts";

const reference = (name: string) =>
  path.join(path.dirname(fileURLToPath(import.meta.url)), "../../../../test/reference", name);

const options = {
  limits: { tokens: 32, outputs: 4, sequences: 2, context: 256, slots: 512 },
  cacheDType: "f16",
} as const;

async function graphOf(file: string): Promise<Graph> {
  const gguf = await openGguf(file);
  return readModel(gguf.metadata, fileTensors(gguf)).graph(options);
}

const opsIn = (graph: Graph, prefix: string) =>
  graph.nodes
    .filter((node) => node.id.startsWith(prefix))
    .map((node) => `${node.id.slice(prefix.length)} ${node.op}`);

test("writes a DeepSeek-V2 layer down without a query LoRA", async () => {
  const graph = await graphOf(embeddedModelPath());
  expect(opsIn(graph, "blk.1.attn.")).toEqual([
    "norm rms_norm",
    "kv_a matmul",
    "kv_a_norm rms_norm",
    "k_rope rope",
    "cache cache_append",
    "q matmul",
    "q_heads split",
    "q_rope rope",
    "mla mla_attention",
    "heads merge",
    "out matmul",
    "residual add",
  ]);
  expect(opsIn(graph, "blk.0.ffn.")).toContain("act swiglu");
  expect(opsIn(graph, "blk.1.ffn.")).toContain("experts moe");
});

test("writes a DeepSeek-V3 layer down with its query LoRA, groups and bias", async () => {
  const graph = await graphOf(reference("rand-deepseek3.gguf"));
  expect(opsIn(graph, "blk.1.attn.")).toContain("q_a_norm rms_norm");
  const route = graph.nodes.find((node) => node.id === "blk.1.ffn.route");
  expect(route?.attrs).toMatchObject({
    gating: "sigmoid",
    groups: { count: 4, used: 2, score: "top2" },
    scale: 2.5,
  });
  expect(route?.inputs.bias).toBe("blk.1.exp_probs_b.bias");
});

test("keeps whole keys and values for grouped-query models", async () => {
  for (const name of ["rand-llama.gguf", "rand-qwen3moe.gguf"]) {
    const graph = await graphOf(reference(name));
    expect(graph.states.slice(0, 2).map(({ id, axes }) => [id, axes])).toEqual([
      ["cache.0.k", ["slots", "kv_heads", "head_dim"]],
      ["cache.0.v", ["slots", "kv_heads", "head_dim"]],
    ]);
  }
});

test("the same model gives the same graph", async () => {
  const file = reference("rand-qwen3moe.gguf");
  expect(JSON.stringify(await graphOf(file))).toBe(JSON.stringify(await graphOf(file)));
});

async function failureWith(change: {
  metadata?: [string, GgufValue | undefined];
  tensors?: (t: TensorTable) => TensorTable;
}) {
  const gguf = await openGguf(embeddedModelPath());
  const metadata = new Map(gguf.metadata);
  if (change.metadata !== undefined) {
    const [key, value] = change.metadata;
    if (value === undefined) metadata.delete(key);
    else metadata.set(key, value);
  }
  const tensors = (change.tensors ?? ((t) => t))(fileTensors(gguf));
  try {
    readModel(metadata, tensors).graph(options);
  } catch (error) {
    if (error instanceof TensorplanError) return { code: error.code, message: error.message };
    throw error;
  }
  return undefined;
}

test("says which hyperparameter is missing", async () => {
  expect(await failureWith({ metadata: ["deepseek2.attention.kv_lora_rank", undefined] })).toMatchObject({
    code: "model/metadata-missing",
    message: expect.stringContaining("deepseek2.attention.kv_lora_rank"),
  });
});

test("says which tensor is missing", async () => {
  const without = (t: TensorTable): TensorTable => ({
    get: (name) => (name === "blk.2.ffn_gate_inp.weight" ? undefined : t.get(name)),
  });
  expect(await failureWith({ tensors: without })).toMatchObject({
    code: "model/tensor-missing",
    message: expect.stringContaining("blk.2.ffn_gate_inp.weight"),
  });
});

test("says which tensor has another shape than the settings ask for", async () => {
  expect(
    await failureWith({ metadata: ["deepseek2.expert_feed_forward_length", { type: "u32", value: 128 }] }),
  ).toMatchObject({
    code: "model/tensor-shape",
  });
});

test("refuses a gating function that it doesn't know", async () => {
  expect(
    await failureWith({ metadata: ["deepseek2.expert_gating_func", { type: "u32", value: 7 }] }),
  ).toMatchObject({
    code: "model/metadata-invalid",
  });
});

test("lists the architectures that it knows", async () => {
  expect(
    await failureWith({ metadata: ["general.architecture", { type: "string", value: "mamba" }] }),
  ).toMatchObject({
    code: "model/architecture-unknown",
  });
});
