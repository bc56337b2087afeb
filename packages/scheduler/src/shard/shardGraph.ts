import {
  type Axis,
  addOp,
  axis,
  concatOp,
  evaluateSize,
  type Graph,
  type NodeId,
  type Op,
  type OpSet,
  outputId,
  type RewriteContext,
  rebuildGraph,
  sliceOp,
  type Tensor,
  type ValueId,
  type WeightDecl,
} from "@tensorplan/ir";
import { type Cut, partAxisName } from "./cut.ts";
import type { AxisRange } from "./cutAxis.ts";
import type { Cuts } from "./decideCuts.ts";
import { sourceOfPart } from "./sourceOfPart.ts";

/** What was made for one shard rule: names of the weights and nodes of each part, and of the nodes that put parts together. */
export interface ShardParts {
  readonly cut: Cut;
  readonly weights: readonly Set<string>[];
  readonly nodes: readonly Set<string>[];
  readonly joins: Set<string>;
}

export interface ShardedGraph {
  readonly graph: Graph;
  /** In the order of the rules. */
  readonly parts: readonly ShardParts[];
}

/** Makes the nodes of the parts, one graph at a time. */
class Sharder {
  readonly #cuts: Cuts;
  readonly #ops: OpSet;
  readonly #decls: ReadonlyMap<ValueId, WeightDecl>;
  readonly #made = new Map<Cut, ShardParts>();
  /** Values in parts, by their id in the graph as it was. */
  readonly #values = new Map<ValueId, readonly Tensor[]>();
  readonly #weights = new Map<ValueId, readonly Tensor[]>();

  constructor(graph: Graph, ops: OpSet, cuts: Cuts) {
    this.#cuts = cuts;
    this.#ops = ops;
    this.#decls = new Map(graph.weights.map((weight) => [weight.id, weight]));
    for (const cut of new Set(cuts.weights.values())) {
      const sets = () => cut.ranges.map(() => new Set<string>());
      this.#made.set(cut, {
        cut,
        weights: sets(),
        nodes: sets(),
        joins: new Set(),
      });
    }
  }

  get made(): readonly ShardParts[] {
    return [...this.#made.values()];
  }

  /** Ids of the parts of a weight that was cut. */
  partsOf(weight: ValueId): readonly ValueId[] | undefined {
    return this.#weights.get(weight)?.map(({ id }) => id);
  }

  readonly rewrite = (context: RewriteContext): Readonly<Record<string, Tensor>> => {
    const { node, builder } = context;
    const way = this.#cuts.ways.get(node.id);
    if (way === undefined) return context.copy();
    const { cut, kind } = way;
    return builder.withOrigin(`shard '${cut.rule.name}' of ${node.id}`, () => {
      const op = this.#ops.get(node.op);
      const operands = Object.entries(node.inputs).map(([name, id]) => {
        const own = way.inParts.includes(name);
        return [name, this.#operand(context, id, cut, own)] as const;
      });
      const parts = cut.ranges.map((_, part) => {
        const inputs = Object.fromEntries(operands.map(([name, of]) => [name, of(part)]));
        return this.#part(context, op, part, cut, inputs);
      });
      const value = outputId(node.id, "out");
      if (kind === "sum") return { out: this.#join(context, cut, parts, kind) };
      this.#values.set(value, parts);
      return this.#cuts.joined.has(value) ? { out: this.#join(context, cut, parts, kind) } : {};
    });
  };

  #part(
    { node, builder }: RewriteContext,
    op: Op,
    part: number,
    cut: Cut,
    inputs: Readonly<Record<string, Tensor>>,
  ): Tensor {
    const id = `${node.id}@${part}`;
    this.#made.get(cut)?.nodes[part]?.add(id);
    return builder.add(op, id, inputs, node.attrs).out as Tensor;
  }

  /** What each part reads of an operand: its range of it, or all of it. */
  #operand(context: RewriteContext, id: ValueId, cut: Cut, inParts: boolean): (part: number) => Tensor {
    if (this.#cuts.weights.has(id)) {
      const weights = this.#weightParts(context, id, cut);
      return (part) => weights[part] as Tensor;
    }
    if (!inParts) {
      const whole = context.value(id);
      return () => whole;
    }
    const known = this.#values.get(id);
    const parts = known ?? cut.ranges.map((range, part) => this.#slice(context, id, cut, range, part));
    return (part) => parts[part] as Tensor;
  }

  #slice({ node, builder, value }: RewriteContext, id: ValueId, cut: Cut, range: AxisRange, part: number) {
    const name = `${node.id}@slice${part}`;
    const own = axis(partAxisName(cut.axis, range), range.count);
    builder.declareAxis(own);
    const attrs = { part: { name: own.name, start: range.first, size: range.count } };
    return builder.add(sliceOp, name, { x: value(id) }, attrs).out as Tensor;
  }

  #weightParts({ builder, value }: RewriteContext, id: ValueId, cut: Cut): readonly Tensor[] {
    const known = this.#weights.get(id);
    if (known !== undefined) return known;
    const whole = value(id);
    const decl = this.#decls.get(id) as WeightDecl;
    const place = decl.axes.indexOf(cut.axis);
    const sizes = whole.axes.map((each) => evaluateSize(each.size, {}));
    const parts = cut.ranges.map((range, part) => {
      const own = axis(partAxisName(cut.axis, range), range.count);
      const axes: readonly Axis[] = whole.axes.map((each, i) => (i === place ? own : each));
      const name = `${id}@${part}`;
      this.#made.get(cut)?.weights[part]?.add(name);
      return builder.weight(name, axes, whole.dtype, sourceOfPart(decl, sizes, place, range));
    });
    this.#weights.set(id, parts);
    return parts;
  }

  /** The whole of a value's parts: side by side, or added up, the first two first. The last node bears the name of what it replaces. */
  #join(
    { node, builder }: RewriteContext,
    cut: Cut,
    parts: readonly Tensor[],
    kind: "beside" | "sum",
  ): Tensor {
    return parts.slice(1).reduce((a, b, i) => {
      const last = i === parts.length - 2;
      const id: NodeId = last ? node.id : (`${node.id}@join${i + 1}` as NodeId);
      this.#made.get(cut)?.joins.add(id);
      if (kind === "sum") return builder.add(addOp, id, { a, b }).out as Tensor;
      const count = cut.ranges.slice(0, i + 2).reduce((sum, range) => sum + range.count, 0);
      const name = last ? cut.axis : partAxisName(cut.axis, { first: 0, count });
      const together = axis(name, count);
      builder.declareAxis(together);
      return builder.add(concatOp, id, { a, b }, { axis: name }).out as Tensor;
    }, parts[0] as Tensor);
  }
}

/**
 * Rewrites the nodes that are done in parts: `node@0`, `node@1`, … on `weight@0`, …, and a `concat` or a chain of `add`s under the node's own
 * name where something reads the whole. Weights that are cut leave the graph; their parts stand in their places.
 */
export function shardGraph(graph: Graph, ops: OpSet, cuts: Cuts): ShardedGraph {
  const sharder = new Sharder(graph, ops, cuts);
  const rebuilt = rebuildGraph(graph, ops, sharder.rewrite);
  const decls = new Map(rebuilt.weights.map((weight) => [weight.id, weight]));
  const weights = graph.weights.flatMap((weight): readonly WeightDecl[] =>
    (sharder.partsOf(weight.id) ?? [weight.id]).map((id) => decls.get(id) as WeightDecl),
  );
  return { graph: Object.freeze({ ...rebuilt, weights: Object.freeze(weights) }), parts: sharder.made };
}
