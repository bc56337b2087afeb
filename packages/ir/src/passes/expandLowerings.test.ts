import * as fc from "fast-check";
import { expect, test } from "vitest";
import { evaluateGraph } from "../graph/evaluateGraph.ts";
import type { Graph, NodeId } from "../graph/graph.ts";
import { validateGraph } from "../graph/validateGraph.ts";
import { coreOps } from "../ops/index.ts";
import { randomGraph } from "../random/randomGraph.ts";
import { RandomNumbers } from "../random/randomNumbers.ts";
import { randomOperands } from "../random/randomOperands.ts";
import { deadCode } from "./deadCode.ts";
import { expandLowerings } from "./expandLowerings.ts";

const composites = (graph: Graph) => graph.nodes.filter(({ op }) => coreOps.get(op).lowerings.length > 0);
const choose = (graph: Graph, name: (id: NodeId, names: readonly string[]) => string) =>
  new Map(
    composites(graph).map(({ id, op }) => [
      id,
      name(
        id,
        coreOps.get(op).lowerings.map((lowering) => lowering.name),
      ),
    ]),
  );
/** A graph with latent attention in it. */
const withAttention = () => {
  for (let seed = 0; ; seed++) {
    const graph = randomGraph(seed, 2);
    if (graph.nodes.filter(({ op }) => op === "mla_attention").length === 1) return graph;
  }
};

test("every choice of lowerings gives the composites' results", () => {
  fc.assert(
    fc.property(fc.integer(), (seed) => {
      const graph = randomGraph(seed, 3);
      const random = new RandomNumbers(seed);
      const any = (_: NodeId, names: readonly string[]) => names[random.below(names.length)] ?? "";
      const once = expandLowerings(graph, coreOps, choose(graph, any));
      const lowered = deadCode.run(expandLowerings(once, coreOps, choose(once, any)), coreOps);
      validateGraph(lowered, coreOps);
      // Two weights that the model ties together are random here: k_b must be the transpose of k_up.
      const given = randomOperands(graph, seed);
      for (const { op, inputs } of graph.nodes) {
        if (op !== "mla_attention") continue;
        const [kB, kUp] = [given.weights[inputs.k_b ?? ""], given.weights[inputs.k_up ?? ""]];
        const [heads = 0, n = 0, l = 0] = kUp?.shape ?? [];
        for (let i = 0; i < heads * n * l; i++) {
          const [h, r, c] = [Math.floor(i / (n * l)), Math.floor(i / l) % n, i % l];
          if (kB !== undefined) kB.data[(h * l + c) * n + r] = kUp?.data[i] ?? 0;
        }
      }
      const logits = (each: Graph) => {
        const states = Object.fromEntries(
          Object.entries(given.states).map(([id, state]) => [id, { ...state, data: state.data.slice() }]),
        );
        return evaluateGraph(each, coreOps, { ...given, states }).logits?.data ?? new Float32Array();
      };
      const wanted = logits(graph);
      logits(lowered).forEach((value, i) => {
        expect(value).toBeCloseTo(wanted[i] ?? Number.NaN, 3);
      });
    }),
    { numRuns: 25 },
  );
});

test("parts get paths under the composite's, its uses read the last part, and only one form of the keys stays", () => {
  const graph = withAttention();
  const [composite] = graph.nodes.filter(({ op }) => op === "mla_attention");
  const id = composite?.id ?? ("" as NodeId);
  const choices = new Map<NodeId, string>([
    [id, "absorbed"],
    [`${id}.latent` as NodeId, "naive"],
  ]);
  const after = deadCode.run(expandLowerings(graph, coreOps, choices), coreOps);
  const parts = after.nodes.filter((node) => node.id.startsWith(id));
  expect(parts.map((node) => [node.id.slice(id.length), node.op, node.origin])).toEqual([
    [".absorb", "mla_absorb_query", `lowering absorbed of ${id}`],
    [".latent.scores", "paged_scores", `lowering naive of ${id}.latent`],
    [".latent.softmax", "softmax", `lowering naive of ${id}.latent`],
    [".latent.values", "paged_values", `lowering naive of ${id}.latent`],
    [".up", "head_matmul", `lowering absorbed of ${id}`],
  ]);
  const weights = after.weights.map((weight): string => weight.id);
  expect(weights).toContain(composite?.inputs.k_b);
  expect(weights).not.toContain(composite?.inputs.k_up);
  const merged = after.nodes.find(({ op }) => op === "merge");
  expect(merged?.inputs.x).toBe(`${id}.up`);
});

test("without choices, and for lowerings that are one kernel, the graph stays the same object", () => {
  const graph = randomGraph(2, 6);
  const fused = choose(graph, (_, names) => (names.includes("fused") ? "fused" : ""));
  for (const [id, name] of fused) if (name === "") fused.delete(id);
  expect(expandLowerings(graph, coreOps, new Map())).toBe(graph);
  expect(expandLowerings(graph, coreOps, fused)).toBe(graph);
});

test("refuses a lowering that the operation doesn't have, naming those that it has", () => {
  const graph = withAttention();
  const choices = choose(graph, () => "flash");
  expect(() => expandLowerings(graph, coreOps, choices)).toThrow("has no lowering 'flash'");
});
