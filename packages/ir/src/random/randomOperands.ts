import type { Bindings } from "../axis/size.ts";
import type { Graph, ValueDecl } from "../graph/graph.ts";
import { resolveShape } from "../graph/shapes.ts";
import { hostTensor, roundTo } from "../op/host.ts";
import type { HostTensor } from "../op/op.ts";
import { type PagedSequence, pagedStep } from "../ops/support/pagedStep.ts";
import { RandomNumbers } from "./randomNumbers.ts";

export interface RandomOperands {
  readonly inputs: Readonly<Record<string, HostTensor>>;
  readonly weights: Readonly<Record<string, HostTensor>>;
  readonly states: Readonly<Record<string, HostTensor>>;
  readonly bindings: Bindings;
}

const indexTensor = (values: readonly number[]): HostTensor => hostTensor("i32", [values.length], values);

/** Inputs of a step that starts two sequences, whose pages lie out of order; every token's logits are wanted. */
function stepInputs(vocab: number, random: RandomNumbers): Pick<RandomOperands, "inputs" | "bindings"> {
  const sequences: readonly PagedSequence[] = [
    { pages: [2, 0], positions: [0, 1, 2] },
    { pages: [3, 1], positions: [0, 1] },
  ];
  const { positions, sequence_of, page_table } = pagedStep(sequences).operands;
  const slots = sequences.flatMap(({ pages, positions: at }) =>
    at.map((position) => (pages[0] ?? 0) * 64 + position),
  );
  const count = slots.length;
  return {
    inputs: {
      tokens: indexTensor(slots.map(() => random.below(vocab))),
      positions: positions.tensor,
      sequence_of: sequence_of.tensor,
      page_table: page_table.tensor,
      slots: indexTensor(slots),
      output_rows: indexTensor(slots.map((_, i) => i)),
    },
    bindings: { tokens: count, outputs: count, sequences: 2, pages: 2, context: 128, slots: 256 },
  };
}

/**
 * Weights, empty caches and the inputs of one step for a model's graph, reproducible from a seed. Weights are rounded to their types and
 * scaled by their fastest axis, so that activations stay near 1.
 */
export function randomOperands(graph: Graph, seed: number): RandomOperands {
  const random = new RandomNumbers(seed);
  const table = graph.weights.find(({ axes }) => axes[0] === "vocab");
  const { inputs, bindings } = stepInputs(Number(graph.axes[table?.axes[0] ?? ""] ?? 1), random);
  const filled = (decl: ValueDecl): HostTensor => {
    const shape = resolveShape(graph, decl, bindings);
    const tensor = hostTensor(decl.dtype, shape);
    const size = shape.length === 1 ? 1 : Math.sqrt(3 / (shape.at(-1) ?? 1));
    const values = tensor.data;
    for (let i = 0; i < values.length; i++) values[i] = random.signed() * size;
    if (values instanceof Float32Array) roundTo(decl.dtype, values, shape.at(-1) ?? 1);
    return tensor;
  };
  const empty = (decl: ValueDecl): HostTensor => hostTensor(decl.dtype, resolveShape(graph, decl, bindings));
  const named = (decls: readonly ValueDecl[], make: (decl: ValueDecl) => HostTensor) =>
    Object.fromEntries(decls.map((decl) => [decl.id, make(decl)]));
  return { inputs, weights: named(graph.weights, filled), states: named(graph.states, empty), bindings };
}
