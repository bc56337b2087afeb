import { TensorplanError } from "../errors.ts";
import type { OpSet } from "../op/registry.ts";
import { canonicalJson } from "./canonicalJson.ts";
import { GRAPH_SCHEMA, type Graph, type GraphNode } from "./graph.ts";
import { graphSchema } from "./graphSchema.ts";
import { validateGraph } from "./validateGraph.ts";

/** Canonical text of a graph: equal graphs give equal bytes, and reading it back gives the same bytes again. */
export const graphToJson = (graph: Graph): string => `${canonicalJson(graph)}\n`;

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new TensorplanError({
      code: "graph/not-json",
      message: `the graph isn't JSON text: ${cause instanceof Error ? cause.message : String(cause)}`,
      cause,
    });
  }
}

const schemaOf = (raw: unknown): string | undefined =>
  typeof raw === "object" && raw !== null && "schema" in raw ? JSON.stringify(raw.schema) : undefined;

const pickInOrder = <T>(record: Readonly<Record<string, T>>, names: readonly string[]): Record<string, T> =>
  Object.fromEntries(Object.entries(record).toSorted(([a], [b]) => names.indexOf(a) - names.indexOf(b)));

/** Canonical text sorts operands by name; people read them in the order in which the operation states them. */
function inStatedOrder(node: GraphNode, ops: OpSet): GraphNode {
  const op = ops.get(node.op);
  const operands = op.inputs.map(({ name }) => name);
  return {
    ...node,
    inputs: pickInOrder(node.inputs, operands),
    outputs: pickInOrder(node.outputs, op.outputs),
  };
}

/**
 * Reads and validates a graph. @throws TensorplanError `graph/not-json`, `graph/schema-version`, `graph/malformed`, and what
 * `validateGraph` raises.
 */
export function graphFromJson(text: string, ops: OpSet): Graph {
  const raw = parse(text);
  const schema = schemaOf(raw);
  if (schema !== JSON.stringify(GRAPH_SCHEMA)) {
    throw new TensorplanError({
      code: "graph/schema-version",
      message:
        schema === undefined
          ? "this isn't a graph: it has no 'schema'"
          : `this graph has the schema ${schema}, but '${GRAPH_SCHEMA}' is what this version reads`,
      hint: "write the graph again with this version",
    });
  }
  const parsed = graphSchema.safeParse(raw);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const where = issue?.path.join(".") || "graph";
    throw new TensorplanError({
      code: "graph/malformed",
      message: `the graph is malformed at ${where}: ${issue?.message ?? "unknown problem"}`,
      details: { at: where },
    });
  }
  validateGraph(parsed.data, ops);
  return Object.freeze({ ...parsed.data, nodes: parsed.data.nodes.map((node) => inStatedOrder(node, ops)) });
}
