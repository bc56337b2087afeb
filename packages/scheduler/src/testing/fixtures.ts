import { type DeviceProfile, deviceId, type KernelRow, type OperandClaim } from "@tensorplan/backend-api";
import {
  add,
  attention,
  axis,
  cacheAppend,
  coreOps,
  dtypeNames,
  embed,
  type Graph,
  GraphBuilder,
  matmul,
  merge,
  productAxis,
  rmsNorm,
  split,
} from "@tensorplan/ir";
import type { Rule } from "../rules/rule.ts";

const anything: OperandClaim = { dtypes: dtypeNames };

const outputNames: Readonly<Record<string, readonly string[]>> = {
  add_rms_norm: ["out", "sum"],
  route_experts: ["ids", "weights"],
};

/** A kernel that takes every type, in rows. */
export const anyKernel = (op: string, more: Partial<KernelRow> = {}): KernelRow => {
  const { inputs } = coreOps.get(op);
  const claims = (names: readonly string[]) => Object.fromEntries(names.map((name) => [name, anything]));
  return {
    name: `${op}.any`,
    op,
    operands: claims(inputs.map(({ name }) => name)),
    outputs: claims(outputNames[op] ?? ["out"]),
    requires: [],
    when: [],
    workspace: [],
    cost: { rate: "f32", computeShare: 1, memoryShare: 1, overheadNs: 0 },
    status: "ready",
    ...more,
  };
};

/** A matmul that reads its weight in groups of 16 rows. */
export const grouped: KernelRow = anyKernel("matmul", {
  name: "matmul.x16",
  operands: { x: { dtypes: ["f32"] }, w: { dtypes: ["f32", "f16"], layout: "x16" } },
});

/** A device that can run everything but what `without` names, with `first` in front of its kernels. */
export const profile = (
  id: string,
  {
    without = [],
    first = [],
    ...more
  }: Partial<DeviceProfile> & { without?: readonly string[]; first?: readonly KernelRow[] } = {},
): DeviceProfile => ({
  id: deviceId(id),
  backend: "test",
  name: `test device ${id}`,
  memoryBytes: 2 ** 40,
  hostMemory: true,
  threads: 4,
  features: [],
  bandwidth: 1e10,
  rates: { int8: 1e11, f32: 1e10, f16: 1e10 },
  kernels: [...first, ...coreOps.names.map((name) => anyKernel(name))].filter(
    ({ op }) => !without.includes(op),
  ),
  layouts: [{ name: "x16", doc: "groups of 16 rows", rowGroup: 16, dtypes: ["f32", "f16"] }],
  ...more,
});

/** A rule of the user's. */
export const rule = (
  name: string,
  when: Rule["when"],
  action: Rule["do"],
  more: Partial<Rule> = {},
): Rule => ({
  name,
  origin: { kind: "api" },
  when,
  do: action,
  else: "error",
  ...more,
});

export const limits = { tokens: 256, outputs: 4, sequences: 2, pages: 16, context: 1024, slots: 2048 };

const axes = () => {
  const tokens = axis("tokens", "tokens");
  const heads = axis("heads", 2);
  const dim = axis("dim", 32);
  return {
    tokens,
    slots: axis("slots", "slots"),
    embd: axis("embd", 64),
    vocab: axis("vocab", 100),
    heads,
    dim,
    queries: productAxis("queries", heads, dim),
  };
};

/** A small decoder: embedding, `layers` of attention with a residual sum, a head. Attention is a composite with two lowerings. */
export function tinyModel(layers = 2): Graph {
  const { tokens, slots, embd, vocab, heads, dim, queries } = axes();
  const builder = new GraphBuilder("tiny", limits);
  builder.declareAxis(axis("context", "context"));
  const ids = builder.input("tokens", [tokens], "i32");
  const positions = builder.input("positions", [tokens], "i32");
  const sequenceOf = builder.input("sequence_of", [tokens], "i32");
  const slotsIn = builder.input("slots", [tokens], "i32");
  const pageTable = builder.input(
    "page_table",
    [axis("sequences", "sequences"), axis("pages", "pages")],
    "i32",
  );
  const table = builder.weight("token_embd.weight", [vocab, embd], "f16");
  let x = embed("embed", table, ids);
  for (let layer = 0; layer < layers; layer++) {
    x = builder.scope(`blk.${layer}`, () => {
      const weight = (name: string) => builder.weight(`blk.${layer}.${name}.weight`, [queries, embd], "f16");
      const normed = rmsNorm("norm", x, builder.weight(`blk.${layer}.norm.weight`, [embd], "f32"), {
        eps: 1e-6,
      });
      const project = (name: string) => split(`${name}_heads`, matmul(name, normed, weight(name)));
      const state = (name: string) => builder.state(`cache.${layer}.${name}`, [slots, heads, dim], "f16");
      const k = cacheAppend("append_k", state("k"), project("k"), slotsIn);
      const v = cacheAppend("append_v", state("v"), project("v"), slotsIn);
      const out = attention("attn", project("q"), k, v, { positions, sequenceOf, pageTable }, { scale: 0.1 });
      const wo = builder.weight(`blk.${layer}.out.weight`, [embd, queries], "f16");
      return add("residual", x, matmul("out", merge("merged", out, queries), wo));
    });
  }
  builder.output("logits", matmul("logits", x, table));
  return builder.finish();
}
