import { type DType, type Graph, type GraphNode, type OpSet, PAGE_ROWS } from "@tensorplan/ir";
import { viewGraph } from "../graph/graphView.ts";
import type { PlanDevice } from "../plan/plan.ts";
import type { Candidate, Misfit } from "./fittingChange.ts";

/** The device's part of which the least may stay, and how much of it. */
function least({ made, overflows }: Misfit, part: (device: PlanDevice) => number, extra: number): number {
  const shares = overflows.map(({ device, over }) => {
    const found = made.devices.find(({ id }) => id === device);
    const bytes = found === undefined ? 0 : part(found);
    return bytes === 0 ? 0 : (bytes - over - extra) / bytes;
  });
  return Math.max(0, Math.min(...shares));
}

const withSymbols = (graph: Graph, symbols: Readonly<Record<string, number>>): Graph => ({
  ...graph,
  symbols: { ...graph.symbols, ...symbols },
});

/** Caches grow with the rows of the page pool, and work areas of attention with the context. */
export function lessContext(misfit: Misfit, extra: number): Candidate | undefined {
  const { context, pages, slots, sequences = 1 } = misfit.input.graph.symbols;
  if (context === undefined || pages === undefined || slots === undefined) return undefined;
  const fits = Math.floor(pages * least(misfit, ({ states }) => states, extra));
  if (fits < 1) return undefined;
  const rows = Math.min(context, fits * PAGE_ROWS);
  return {
    what: `let a sequence have ${rows} tokens instead of ${context}: -c ${rows}`,
    loses: `${context - rows} tokens of context`,
    apply: (input) => ({
      ...input,
      graph: withSymbols(input.graph, { context: rows, pages: fits, slots: sequences * fits * PAGE_ROWS }),
    }),
  };
}

/** Work areas grow with the tokens of a step. */
export function smallerSteps(misfit: Misfit, extra: number): Candidate | undefined {
  const { tokens, outputs = 1, sequences = 1 } = misfit.input.graph.symbols;
  if (tokens === undefined) return undefined;
  const fits = Math.floor(tokens * least(misfit, ({ arena }) => arena, extra));
  if (fits < Math.max(1, sequences)) return undefined;
  return {
    what: `take at most ${fits} tokens in a step instead of ${tokens}: -ub ${fits}`,
    apply: (input) => ({
      ...input,
      graph: withSymbols(input.graph, { tokens: fits, outputs: Math.min(outputs, fits) }),
    }),
  };
}

/** The graph with its caches, and all later versions of them, in another type. */
function withCaches(graph: Graph, ops: OpSet, dtype: DType): Graph {
  const { values } = viewGraph(graph, ops);
  const inCache = (id: string) => values.get(id as never)?.root.kind === "state";
  const nodes = graph.nodes.map((node): GraphNode => {
    const changed = Object.entries(node.outputs).map(
      ([name, type]) =>
        [name, inCache(name === "out" ? node.id : `${node.id}:${name}`) ? { ...type, dtype } : type] as const,
    );
    return { ...node, outputs: Object.fromEntries(changed) };
  });
  return { ...graph, nodes, states: graph.states.map((state) => ({ ...state, dtype })) };
}

/** A block of 32 values of q8_0 takes 34 bytes: 64 as f16. */
export function smallerCaches({ input }: Misfit): Candidate | undefined {
  const types = new Set(input.graph.states.map(({ dtype }) => dtype));
  if (types.size === 0 || types.has("q8_0")) return undefined;
  return {
    what: "keep the caches in q8_0: -ctk q8_0",
    loses: "some of their precision",
    apply: (before) => ({ ...before, graph: withCaches(before.graph, before.ops, "q8_0") }),
  };
}
