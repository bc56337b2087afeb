import type { Backend, BackendOptions, TensorSource } from "@tensorplan/backend-api";
import {
  type DType,
  expandLowerings,
  type Graph,
  type NodeId,
  type OpSet,
  outputId,
  resolveShape,
  TensorplanError,
} from "@tensorplan/ir";
import { type Plan, plan, planFor } from "@tensorplan/scheduler";
import { type FoundDevice, PlanExecutor } from "../execute/planExecutor.ts";

export interface CompareOptions {
  readonly graph: Graph;
  readonly ops: OpSet;
  /** The backend that is held to the other, and the other. */
  readonly backends: readonly [Backend, Backend];
  readonly source: (tensor: string) => TensorSource;
  /** One step's inputs and the values of the graph's symbols. States start as zeros. */
  readonly inputs: Readonly<Record<string, Int32Array | Float32Array>>;
  readonly symbols: Readonly<Record<string, number>>;
  /**
   * How composite operations are done, by operation; both backends do the same. Absent: the first lowering that is one kernel, or else
   * the first that is listed.
   */
  readonly lowerings?: Readonly<Record<string, string>> | undefined;
  readonly backendOptions?: BackendOptions | undefined;
}

/** How far two backends are apart at one value. */
export interface NodeDifference {
  readonly value: string;
  readonly op: string;
  /** Largest |Δ|, and where: an index into the value's elements. */
  readonly largest: number;
  readonly at: number;
  /** Root mean square of the second backend's value; an error counts against it. */
  readonly rms: number;
  readonly relative: number;
}

/** The graph with composites expanded the same way for everybody, and every computed value as an output. */
function tapped({ graph, ops, lowerings = {} }: CompareOptions): Graph {
  let expanded = graph;
  for (;;) {
    const choices = new Map<NodeId, string>();
    for (const { id, op } of expanded.nodes) {
      const known = ops.get(op).lowerings;
      const chosen =
        known.find(({ name }) => name === lowerings[op]) ??
        known.find(({ expand }) => expand === undefined) ??
        known[0];
      if (chosen?.expand !== undefined) choices.set(id, chosen.name);
    }
    if (choices.size === 0) break;
    expanded = expandLowerings(expanded, ops, choices);
  }
  const outputs = expanded.nodes.flatMap(({ id, op, outputs: made }) => {
    const { aliases } = ops.get(op);
    return Object.keys(made)
      .filter((name) => aliases[name] === undefined)
      .map((name) => ({ name: outputId(id, name) as string, value: outputId(id, name) }));
  });
  return { ...expanded, outputs };
}

type Values = ReadonlyMap<string, Float32Array | Int32Array>;

async function evaluate(graph: Graph, backend: Backend, options: CompareOptions): Promise<Values> {
  const { ops, symbols, inputs, source, backendOptions = {} } = options;
  const probe = backend.probe(backendOptions);
  if (probe.kind === "none") {
    throw new TensorplanError({
      code: "compare/no-device",
      message: `the backend '${backend.name}' has no device here: ${probe.reason}`,
      hint: "compare backends that are built and present",
    });
  }
  const devices: readonly FoundDevice[] = probe.devices.slice(0, 1).map((profile) => ({ profile, backend }));
  const made: Plan = plan({ graph, ops, devices: devices.map(({ profile }) => profile) });
  const executor = await PlanExecutor.open(made, { devices, backendOptions, source });
  try {
    const tokens = symbols.tokens ?? 1;
    const sizes = {
      tokensPerSequence: tokens,
      tokens,
      context: symbols.context ?? 1,
      sequences: symbols.sequences ?? 1,
    };
    const variant = planFor(made, sizes);
    await executor.run(variant, inputs, symbols, undefined);
    const types = new Map(
      graph.nodes.flatMap(({ id, outputs }) =>
        Object.entries(outputs).map(([name, type]) => [outputId(id, name) as string, type] as const),
      ),
    );
    return new Map(
      graph.outputs.map(({ name }) => {
        const type = types.get(name) as { dtype: DType; axes: readonly string[] };
        const count = resolveShape(graph, type, symbols).reduce((n, size) => n * size, 1);
        const values = type.dtype === "i32" ? new Int32Array(count) : new Float32Array(count);
        executor.readOutput(variant, name, new Uint8Array(values.buffer));
        return [name, values];
      }),
    );
  } finally {
    executor.dispose();
  }
}

function difference(value: string, op: string, a: ArrayLike<number>, b: ArrayLike<number>): NodeDifference {
  let largest = 0;
  let at = 0;
  let squares = 0;
  for (let i = 0; i < b.length; i++) {
    const delta = Math.abs((a[i] as number) - (b[i] as number));
    // Not-a-number on one side only is as far apart as can be.
    const error = Number.isNaN(delta) ? (Object.is(a[i], b[i]) ? 0 : Number.POSITIVE_INFINITY) : delta;
    if (error > largest) [largest, at] = [error, i];
    squares += (b[i] as number) ** 2;
  }
  const rms = Math.sqrt(squares / Math.max(1, b.length));
  return { value, op, largest, at, rms, relative: largest === 0 ? 0 : largest / rms };
}

/**
 * Runs one step of a graph on two backends and says for every node how far they are apart, in the graph's order. Each backend computes
 * all of it by itself, so errors grow along the graph as they do in a run.
 */
export async function compareBackends(options: CompareOptions): Promise<readonly NodeDifference[]> {
  const graph = tapped(options);
  const [a, b] = options.backends;
  const [left, right] = [await evaluate(graph, a, options), await evaluate(graph, b, options)];
  const opOf = new Map(
    graph.nodes.flatMap(({ id, op, outputs }) =>
      Object.keys(outputs).map((name) => [outputId(id, name) as string, op] as const),
    ),
  );
  return graph.outputs.map(({ name }) =>
    difference(
      name,
      opOf.get(name) as string,
      left.get(name) as Float32Array,
      right.get(name) as Float32Array,
    ),
  );
}
