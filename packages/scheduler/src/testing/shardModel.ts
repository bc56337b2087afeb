import {
  add,
  axis,
  coreOps,
  evaluateGraph,
  type Graph,
  GraphBuilder,
  gateUpSwiglu,
  type HostTensor,
  hostTensor,
  matmul,
  moe,
  RandomNumbers,
  resolveShape,
  rmsNorm,
  routeExperts,
  type StorageDType,
  swiglu,
  type WeightDecl,
} from "@tensorplan/ir";

export interface ShardModelSizes {
  readonly embd: number;
  readonly ffn: number;
  readonly expertFfn: number;
  readonly vocab: number;
  readonly dtype: StorageDType;
}

const TOKENS = 5;

/**
 * A fused feed-forward network (layer 0), one whose products and activation are apart (layer 1), experts (layer 2), and a head: every form in
 * which an axis can be cut. x [tokens, embd] → logits [tokens, vocab].
 */
export function shardModel({ embd: width, ffn: hidden, expertFfn, vocab, dtype }: ShardModelSizes): Graph {
  const builder = new GraphBuilder("shards", { tokens: 64 });
  const [tokens, embd, ffn] = [axis("tokens", "tokens"), axis("embd", width), axis("ffn", hidden)];
  const [experts, own, used] = [axis("experts", 4), axis("expert_ffn", expertFfn), axis("used", 2)];
  const x = builder.input("x", [tokens, embd], "f32");
  const first = builder.scope("blk.0", () => {
    const norm = builder.weight("blk.0.norm.weight", [embd], "f32");
    const gate = builder.weight("blk.0.gate.weight", [ffn, embd], dtype);
    const up = builder.weight("blk.0.up.weight", [ffn, embd], dtype);
    const down = builder.weight("blk.0.down.weight", [embd, ffn], dtype);
    const normed = rmsNorm("norm", x, norm, { eps: 1e-6 });
    return add("residual", x, matmul("down", gateUpSwiglu("up", normed, gate, up), down));
  });
  const second = builder.scope("blk.1", () => {
    const gate = matmul("gate", first, builder.weight("blk.1.gate.weight", [ffn, embd], dtype));
    const up = matmul("up", first, builder.weight("blk.1.up.weight", [ffn, embd], dtype));
    const down = builder.weight("blk.1.down.weight", [embd, ffn], dtype);
    return add("residual", first, matmul("down", swiglu("act", gate, up), down));
  });
  const third = builder.scope("blk.2", () => {
    const logits = matmul("router", second, builder.weight("blk.2.router.weight", [experts, embd], "f32"));
    const routing = routeExperts("route", logits, { gating: "softmax", used, normalise: true, scale: 1 });
    const gate = builder.weight("blk.2.gate_exps.weight", [experts, own, embd], dtype);
    const up = builder.weight("blk.2.up_exps.weight", [experts, own, embd], dtype);
    const down = builder.weight("blk.2.down_exps.weight", [experts, embd, own], dtype);
    return add("residual", second, moe("moe", second, routing, { gate, up, down }));
  });
  const head = builder.weight("output.weight", [axis("vocab", vocab), embd], dtype);
  builder.output("logits", matmul("output", third, head));
  return builder.finish();
}

/** What a weight's source takes of its tensor. */
function taken({ dtype, source }: WeightDecl, shape: readonly number[], whole: HostTensor): HostTensor {
  const columns = whole.shape.at(-1) ?? 1;
  const rows = whole.data.length / columns;
  const kept: number[] = [];
  for (let row = 0; row < rows; row++) {
    if (source.kind === "head-rows") {
      const inGroup = row % source.groupRows;
      if (inGroup < source.firstRow || inGroup >= source.firstRow + source.rows) continue;
    }
    const [from, count] = source.kind === "columns" ? [source.firstColumn, source.columns] : [0, columns];
    for (let c = from; c < from + count; c++) kept.push(whole.data[row * columns + c] as number);
  }
  return hostTensor(dtype, shape, kept);
}

/** Logits of a graph made from `original`, by the reference implementations, on weights that a seed gives. */
export function logitsOf(graph: Graph, original: Graph, seed: number): Float32Array {
  const random = new RandomNumbers(seed);
  const bindings = { tokens: TOKENS };
  const filled = (shape: readonly number[], size: number) => {
    const tensor = hostTensor("f32", shape);
    for (let i = 0; i < tensor.data.length; i++) tensor.data[i] = random.signed() * size;
    return tensor;
  };
  const wholes = new Map(
    original.weights.map((weight) => {
      const shape = resolveShape(original, weight, bindings);
      return [weight.source.tensor, filled(shape, Math.sqrt(3 / (shape.at(-1) ?? 1)))];
    }),
  );
  const weights = Object.fromEntries(
    graph.weights.map((weight) => {
      const whole = wholes.get(weight.source.tensor) as HostTensor;
      return [weight.id, taken(weight, resolveShape(graph, weight, bindings), whole)];
    }),
  );
  const inputs = { x: filled([TOKENS, Number(graph.axes.embd)], 1) };
  return evaluateGraph(graph, coreOps, { inputs, weights, states: {}, bindings }).logits
    ?.data as Float32Array;
}
