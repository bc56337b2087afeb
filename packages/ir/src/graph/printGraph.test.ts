import { expect, test } from "vitest";
import { axis, concatAxis, productAxis } from "../axis/axis.ts";
import { cacheAppend } from "../ops/cacheAppend.ts";
import { coreOps } from "../ops/index.ts";
import { matmul } from "../ops/matmul.ts";
import { routeExperts } from "../ops/routeExperts.ts";
import { slice } from "../ops/slice.ts";
import { split } from "../ops/split.ts";
import { GraphBuilder } from "./builder.ts";
import { graphFromJson, graphToJson } from "./graphJson.ts";
import { graphView } from "./graphView.ts";
import { printGraph } from "./printGraph.ts";
import { nodeCost, resolveShape, sizedOperand, valueTypes } from "./shapes.ts";

function example() {
  const [tokens, embd, heads, experts, used] = [
    axis("tokens", "tokens"),
    axis("embd", 64),
    axis("heads", 2),
    axis("experts", 8),
    axis("used", 2),
  ];
  const row = concatAxis("row", axis("latent", 32), axis("rope", 32));
  const b = new GraphBuilder("example", { tokens: 512, slots: 1024 });
  const x = b.input("x", [tokens, embd], "f32");
  const slots = b.input("slots", [tokens], "i32");
  const cache = b.state("cache.0.kv", [axis("slots", "slots"), row], "f16");
  const take = { heads: 2, groupRows: 64, firstRow: 32, rows: 32 };
  const wv = b.weight("v", [productAxis("values", heads, axis("value", 32)), embd], "q8_0", {
    kind: "head-rows",
    tensor: "kv_b",
    ...take,
  });
  b.scope("blk.0", () => {
    const c = matmul("kv", x, b.weight("kv_a", [row, embd], "iq4_nl"));
    cacheAppend("append", cache, c, slots);
    b.output("rope", slice("rope", c, row.parts[1]));
    b.output("heads", split("heads", matmul("v", x, wv)));
    const logits = matmul("router", x, b.weight("router", [experts, embd], "f32"));
    const { ids } = routeExperts("route", logits, { gating: "softmax", used, normalise: false, scale: 1 });
    b.output("ids", ids);
  });
  return b.finish();
}

test("prints one line for each value and node, with types, attributes and sources", () => {
  expect(printGraph(example())).toMatchInlineSnapshot(`
    "graph example (slots <= 1024, tokens <= 512)
    axes embd=64, experts=8, heads=2, latent=32, rope=32, row=64, slots=slots, tokens=tokens, used=2, value=32, values=64
    input x: f32[tokens, embd]
    input slots: i32[tokens]
    weight v: q8_0[values, embd] <- head-rows(kv_b) {firstRow=32, groupRows=64, heads=2, rows=32}
    weight kv_a: iq4_nl[row, embd]
    weight router: f32[experts, embd]
    state cache.0.kv: f16[slots, row]
    blk.0.kv = matmul(x=x, w=kv_a) -> f32[tokens, row]
    blk.0.append = cache_append(state=cache.0.kv, rows=blk.0.kv, slots=slots) -> f16[slots, row]
    blk.0.rope = slice(x=blk.0.kv) {part={"name":"rope","size":32,"start":32}} -> f32[tokens, rope]
    blk.0.v = matmul(x=x, w=v) -> f32[tokens, values]
    blk.0.heads = split(x=blk.0.v) {into=["heads","value"]} -> f32[tokens, heads, value]
    blk.0.router = matmul(x=x, w=router) -> f32[tokens, experts]
    blk.0.route = route_experts(logits=blk.0.router) {gating="softmax", normalise=false, scale=1, used=2, usedAxis="used"} -> ids: i32[tokens, used], weights: f32[tokens, used]
    output rope = blk.0.rope
    output heads = blk.0.heads
    output ids = blk.0.route:ids
    "
  `);
});

test("prints the same after a trip through JSON", () => {
  const graph = example();
  expect(printGraph(graphFromJson(graphToJson(graph), coreOps))).toBe(printGraph(graph));
});

test("the view has a vertex for each leaf and node and an edge for each pair of maker and user", () => {
  const view = graphView(example());
  expect(view.order).toBe(3 + 3 + 7);
  expect(view.inNeighbors("blk.0.append")).toEqual(["cache.0.kv", "blk.0.kv", "slots"]);
  expect(view.getEdgeAttributes("blk.0.router", "blk.0.route").uses).toEqual([
    { value: "blk.0.router", operand: "logits" },
  ]);
  expect(view.getNodeAttribute("v", "kind")).toBe("weight");
});

test("knows each value's maker, and shapes, bytes and work under given symbols", () => {
  const graph = example();
  const values = valueTypes(graph);
  const bindings = { tokens: 10, slots: 128 };
  const ids = [...values.values()].find(({ output }) => output === "ids");
  expect(ids).toMatchObject({ id: "blk.0.route:ids", kind: "node", dtype: "i32", axes: ["tokens", "used"] });
  expect(ids?.producer?.id).toBe("blk.0.route");
  expect(ids && resolveShape(graph, ids, bindings)).toEqual([10, 2]);
  const [cache] = graph.states;
  expect(cache && sizedOperand(graph, cache, bindings)).toEqual({
    dtype: "f16",
    shape: [128, 64],
    bytes: 128 * 64 * 2,
  });
  const [kv] = graph.nodes;
  const work = kv && nodeCost(graph, coreOps, kv, bindings);
  expect(work).toEqual({ flops: 2 * 10 * 64 * 64, bytes: 10 * 64 * 4 * 2 + (64 * 64 * 18) / 32 });
});
