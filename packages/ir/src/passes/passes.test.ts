import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { axis } from "../axis/axis.ts";
import { GraphBuilder } from "../graph/builder.ts";
import { evaluateGraph } from "../graph/evaluateGraph.ts";
import type { Graph } from "../graph/graph.ts";
import { printGraph } from "../graph/printGraph.ts";
import { validateGraph } from "../graph/validateGraph.ts";
import { add } from "../ops/add.ts";
import { coreOps } from "../ops/index.ts";
import { matmul } from "../ops/matmul.ts";
import { rmsNorm } from "../ops/rmsNorm.ts";
import { silu } from "../ops/silu.ts";
import { swiglu } from "../ops/swiglu.ts";
import { randomGraph } from "../random/randomGraph.ts";
import { type RandomOperands, randomOperands } from "../random/randomOperands.ts";
import { commonSubexpressions } from "./commonSubexpressions.ts";
import { deadCode } from "./deadCode.ts";
import { fuseAddNorm } from "./fuseAddNorm.ts";
import { fuseGateUp } from "./fuseGateUp.ts";
import { defaultPasses } from "./index.ts";
import { runPasses } from "./runPasses.ts";

const [tokens, embd, ffn] = [axis("tokens", "tokens"), axis("embd", 4), axis("ffn", 8)];
const start = () => {
  const builder = new GraphBuilder("test", { tokens: 4 });
  return { builder, x: builder.input("x", [tokens, embd], "f32") };
};
const nodes = (graph: Graph) =>
  printGraph(graph)
    .split("\n")
    .filter((line) => line.includes(" = ") && !line.startsWith("output"));

/** Logits and final caches. */
function results(graph: Graph, given: RandomOperands) {
  const states = Object.fromEntries(
    Object.entries(given.states).map(([id, state]) => [id, { ...state, data: state.data.slice() }]),
  );
  const { logits } = evaluateGraph(graph, coreOps, { ...given, states });
  return { logits, states };
}

describe("on random graphs", () => {
  test.each([commonSubexpressions, deadCode, fuseGateUp, fuseAddNorm])("$name changes no result", (pass) => {
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: 1, max: 5 }), (seed, pieces) => {
        const graph = randomGraph(seed, pieces);
        const after = pass.run(graph, coreOps);
        validateGraph(after, coreOps);
        const given = randomOperands(graph, seed);
        const [a, b] = [results(graph, given), results(after, given)];
        expect(Object.keys(b.states)).toEqual(Object.keys(a.states));
        b.logits?.data.forEach((value, i) => {
          expect(value).toBeCloseTo(a.logits?.data[i] ?? Number.NaN, 3);
        });
      }),
      { numRuns: 25 },
    );
  });

  test("running all passes again changes nothing and returns the same object", () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: 0, max: 8 }), (seed, pieces) => {
        const once = runPasses(randomGraph(seed, pieces), coreOps, defaultPasses).graph;
        const again = runPasses(once, coreOps, defaultPasses);
        expect(again.graph).toBe(once);
        expect(again.records).toEqual([]);
      }),
      { numRuns: 40 },
    );
  });
});

test("common-subexpressions computes equal nodes once and re-points uses and outputs", () => {
  const { builder, x } = start();
  const [first, second] = [silu("first", x), silu("second", x)];
  builder.output("sum", add("sum", first, second));
  builder.output("second", second);
  const after = commonSubexpressions.run(builder.finish(), coreOps);
  expect(nodes(after)).toEqual([
    "first = silu(x=x) -> f32[tokens, embd]",
    "sum = add(a=first, b=first) -> f32[tokens, embd]",
  ]);
  expect(after.outputs[1]).toEqual({ name: "second", value: "first" });
});

test("dead-code keeps nodes that change a state, and drops unused weights", () => {
  const graph = randomGraph(3, 4);
  const after = deadCode.run({ ...graph, outputs: [] }, coreOps);
  const appends = (each: Graph) => each.nodes.filter(({ op }) => op === "cache_append").map(({ id }) => id);
  expect(appends(after)).toEqual(appends(graph));
  expect(after.weights.length).toBeLessThan(graph.weights.length);
  expect(after.states).toBe(graph.states);
});

test("fuse-gate-up joins two products and their activation", () => {
  const { builder, x } = start();
  const [gate, up] = [builder.weight("gate", [ffn, embd], "f16"), builder.weight("up", [ffn, embd], "f16")];
  builder.output("out", swiglu("act", matmul("g", x, gate), matmul("u", x, up)));
  expect(nodes(fuseGateUp.run(builder.finish(), coreOps))).toEqual([
    "act = gate_up_swiglu(x=x, gate=gate, up=up) -> f32[tokens, ffn]  ; fuse-gate-up of g, u, act",
  ]);
});

test("fuse-gate-up leaves products alone that are used elsewhere or stored differently", () => {
  const { builder, x } = start();
  const [gate, up] = [builder.weight("gate", [ffn, embd], "f16"), builder.weight("up", [ffn, embd], "f16")];
  const other = builder.weight("other", [ffn, embd], "bf16");
  const used = matmul("used", x, gate);
  builder.output("used", used);
  builder.output("a", swiglu("a", used, matmul("u", x, up)));
  builder.output("b", swiglu("b", matmul("g", x, gate), matmul("o", x, other)));
  const graph = builder.finish();
  expect(fuseGateUp.run(graph, coreOps)).toBe(graph);
});

test("fuse-add-norm joins a residual sum that is used again with its norm", () => {
  const { builder, x } = start();
  const sum = add("sum", x, silu("y", x));
  const norm = rmsNorm("norm", sum, builder.weight("w", [embd], "f32"), { eps: 1e-6 });
  builder.output("out", add("next", sum, norm));
  const { graph, records } = runPasses(builder.finish(), coreOps, defaultPasses);
  expect(nodes(graph)).toEqual([
    "y = silu(x=x) -> f32[tokens, embd]",
    "norm = add_rms_norm(a=x, b=y, weight=w) {eps=0.000001} -> sum: f32[tokens, embd], f32[tokens, embd]  ; fuse-add-norm of sum, norm",
    "next = add(a=norm:sum, b=norm) -> f32[tokens, embd]",
  ]);
  expect(records).toEqual([
    { pass: "fuse-add-norm", removed: ["sum"], added: [], changed: ["norm", "next"] },
  ]);
});

test("a trace sees each change with the graph after it", () => {
  const seen: string[] = [];
  const { builder, x } = start();
  silu("unused", x);
  builder.output("out", silu("out", x));
  builder.output("same", silu("same", x));
  runPasses(builder.finish(), coreOps, defaultPasses, {
    trace: ({ pass, removed }, graph) =>
      seen.push(`${pass}: -${removed.join(" -")}, ${graph.nodes.length} left`),
  });
  expect(seen).toEqual(["common-subexpressions: -out -same, 1 left"]);
});
