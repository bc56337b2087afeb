import type { DeviceProfile } from "@tensorplan/backend-api";
import { type Axis, axis, type DType } from "@tensorplan/ir";
import { readyRows, rowHolds } from "./rowConditions.ts";

/** One thing that a complete backend runs: an operation with these element types and sizes. */
export interface Requirement {
  readonly op: string;
  /** Element types of the operands, by name. */
  readonly types: Readonly<Record<string, DType>>;
  /** `1 token` or `512 tokens`, of which model's shapes. */
  readonly size: string;
  /** Sizes of operands and outputs, by name, slowest axis first. */
  readonly shapes: Readonly<Record<string, readonly number[]>>;
  readonly attrs: Readonly<Record<string, string | number | boolean>>;
}

type Dims = readonly Axis[];

/** An operation as models use it. Operands without element types in `stored` are f32, or i32 where `ids` names them. */
interface Use {
  readonly op: string;
  readonly operands: Readonly<Record<string, Dims>>;
  readonly outputs: Readonly<Record<string, Dims>>;
  /** Operands that are stored in one of `types`, all of them alike. */
  readonly stored?: readonly string[];
  readonly types?: readonly DType[];
  readonly ids?: readonly string[];
  readonly attrs?: Requirement["attrs"];
}

/** Element types that weights and caches of the models here have. */
const weightTypes: readonly DType[] = ["f32", "f16", "bf16", "q8_0", "iq4_nl"];
const cacheTypes: readonly DType[] = ["f32", "f16", "bf16", "q8_0"];

const T = axis("tokens", "tokens");
const n = (name: string, size: number): Axis => axis(name, size);

/** The shapes of DeepSeek V2 Lite, whose operations are those of all the models here; attention over keys and values as in Llama 3.1 8B. */
const uses: readonly Use[] = (() => {
  const embd = n("embd", 2048);
  const ffn = n("ffn", 10_944);
  const hidden = n("hidden", 1408);
  const [heads, nope, turned, latent] = [n("heads", 16), n("nope", 128), n("rope", 64), n("latent", 512)];
  const [query, row] = [n("query", 192), n("row", 576)];
  const [experts, used] = [n("experts", 64), n("used", 6)];
  const [kvHeads, key, wide] = [n("kv_heads", 8), n("key", 128), n("q_heads", 32)];
  const [slots, context, outputs] = [n("slots", 4096), n("context", 4096), n("outputs", 1)];
  const paging = { positions: [T], sequence_of: [T], page_table: [n("sequences", 1), n("pages", 64)] };
  const ids = ["positions", "sequence_of", "page_table"];
  const same = (op: string, names: readonly string[], dims: Dims, attrs: Requirement["attrs"] = {}): Use => ({
    op,
    operands: Object.fromEntries(names.map((name) => [name, dims])),
    outputs: { out: dims },
    attrs,
  });
  return [
    {
      op: "embed",
      operands: { table: [n("vocab", 102_400), embd], ids: [T] },
      outputs: { out: [T, embd] },
      stored: ["table"],
      ids: ["ids"],
    },
    { op: "matmul", operands: { x: [T, embd], w: [ffn, embd] }, outputs: { out: [T, ffn] }, stored: ["w"] },
    {
      op: "gate_up_swiglu",
      operands: { x: [T, embd], gate: [ffn, embd], up: [ffn, embd] },
      outputs: { out: [T, ffn] },
      stored: ["gate", "up"],
    },
    {
      op: "head_matmul",
      operands: { x: [T, heads, latent], w: [heads, nope, latent] },
      outputs: { out: [T, heads, nope] },
      stored: ["w"],
    },
    {
      op: "expert_matmul",
      operands: { x: [T, embd], w: [experts, hidden, embd], ids: [T, used] },
      outputs: { out: [T, used, hidden] },
      stored: ["w"],
      ids: ["ids"],
    },
    {
      op: "mla_absorb_query",
      operands: { q: [T, heads, query], w: [heads, latent, nope] },
      outputs: { out: [T, heads, row] },
      stored: ["w"],
    },
    {
      op: "rms_norm",
      operands: { x: [T, embd], weight: [embd] },
      outputs: { out: [T, embd] },
      attrs: { eps: 1e-6 },
    },
    {
      op: "add_rms_norm",
      operands: { a: [T, embd], b: [T, embd], weight: [embd] },
      outputs: { out: [T, embd], sum: [T, embd] },
      attrs: { eps: 1e-6 },
    },
    ...(["interleaved", "neox"] as const).map(
      (style): Use => ({
        op: "rope",
        operands: { x: [T, heads, turned], positions: [T] },
        outputs: { out: [T, heads, turned] },
        ids: ["positions"],
        attrs: { style, base: 10_000 },
      }),
    ),
    same("add", ["a", "b"], [T, embd]),
    same("mul", ["a", "b"], [T, embd]),
    same("scale", ["x"], [T, embd], { factor: 0.5 }),
    same("silu", ["x"], [T, ffn]),
    same("sigmoid", ["x"], [T, experts]),
    same("softmax", ["x"], [T, wide, context]),
    same("swiglu", ["gate", "up"], [T, ffn]),
    { op: "slice", operands: { x: [T, heads, query] }, outputs: { out: [T, heads, nope] } },
    {
      op: "concat",
      operands: { a: [T, heads, nope], b: [T, heads, turned] },
      outputs: { out: [T, heads, query] },
    },
    {
      op: "select_rows",
      operands: { x: [T, embd], rows: [outputs] },
      outputs: { out: [outputs, embd] },
      ids: ["rows"],
    },
    {
      op: "cache_append",
      operands: { state: [slots, row], rows: [T, row], slots: [T] },
      outputs: { out: [slots, row] },
      stored: ["state"],
      types: cacheTypes,
      ids: ["slots"],
    },
    {
      op: "paged_scores",
      operands: { q: [T, wide, key], k: [slots, kvHeads, key], ...paging },
      outputs: { out: [T, wide, context] },
      stored: ["k"],
      types: cacheTypes,
      ids,
      attrs: { scale: 0.088, context: "context" },
    },
    {
      op: "paged_values",
      operands: { p: [T, wide, context], v: [slots, kvHeads, key], ...paging },
      outputs: { out: [T, wide, key] },
      stored: ["v"],
      types: cacheTypes,
      ids,
    },
    ...(["softmax", "sigmoid"] as const).map(
      (gating): Use => ({
        op: "route_experts",
        operands: { logits: [T, experts] },
        outputs: { ids: [T, used], weights: [T, used] },
        attrs: { gating, used: 6, usedAxis: "used", normalise: true, scale: 1 },
      }),
    ),
    {
      op: "weighted_sum",
      operands: { x: [T, used, embd], weights: [T, used] },
      outputs: { out: [T, embd] },
    },
  ];
})();

const sizesOf = (dims: Dims, tokens: number): readonly number[] =>
  dims.map(({ size }) =>
    size.reduce((sum, { coefficient, symbols }) => sum + coefficient * (symbols.length > 0 ? tokens : 1), 0),
  );

function requirementsOf({
  op,
  operands,
  outputs,
  stored,
  types,
  ids,
  attrs = {},
}: Use): readonly Requirement[] {
  const storage: readonly DType[] = stored === undefined ? ["f32"] : (types ?? weightTypes);
  return storage.flatMap((dtype) =>
    [1, 512].map(
      (tokens): Requirement => ({
        op,
        types: Object.fromEntries(
          Object.keys(operands).map((name) => [
            name,
            stored?.includes(name) ? dtype : ids?.includes(name) ? "i32" : "f32",
          ]),
        ),
        size: `${tokens} token${tokens === 1 ? "" : "s"}`,
        shapes: Object.fromEntries(
          [...Object.entries(operands), ...Object.entries(outputs)].map(([name, dims]) => [
            name,
            sizesOf(dims, tokens),
          ]),
        ),
        attrs,
      }),
    ),
  );
}

/**
 * What a backend must claim to be called complete: every operation that models need when each composite is lowered to primitives, in every
 * element type that their weights and caches have, for one token and for a micro-batch.
 */
export const requirements: readonly Requirement[] = uses.flatMap(requirementsOf);

export interface Completeness {
  readonly verdict: "complete" | "partial" | "nothing";
  readonly claimed: number;
  readonly required: number;
  readonly missing: readonly Requirement[];
}

const claims = (profile: DeviceProfile, { op, types, shapes, attrs }: Requirement): boolean =>
  readyRows(profile).some(
    (row) =>
      row.op === op &&
      Object.entries(types).every(([name, dtype]) => row.operands[name]?.dtypes.includes(dtype) === true) &&
      rowHolds(row, attrs, shapes),
  );

/** How much of `requirements` a device claims. Whether it does it right is the suite's business. */
export function completenessOf(profile: DeviceProfile): Completeness {
  const missing = requirements.filter((each) => !claims(profile, each));
  const [required, claimed] = [requirements.length, requirements.length - missing.length];
  return {
    verdict: claimed === 0 ? "nothing" : missing.length === 0 ? "complete" : "partial",
    claimed,
    required,
    missing,
  };
}
