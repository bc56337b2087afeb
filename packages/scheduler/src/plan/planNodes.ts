import { equalJson, type GraphNode, type OpSet, printSize } from "@tensorplan/ir";
import type { NodeInfo } from "../graph/graphView.ts";
import type { PlanNode } from "./plan.ts";

/** Collects the nodes of all variants; a node that variants share is one entry. */
export class PlanNodes {
  readonly nodes: PlanNode[] = [];
  readonly #ops: OpSet;
  readonly #byNode = new Map<GraphNode, number>();
  readonly #byId = new Map<string, number[]>();

  constructor(ops: OpSet) {
    this.#ops = ops;
  }

  add({ node, outputs }: NodeInfo): number {
    const known = this.#byNode.get(node);
    if (known !== undefined) return known;
    const { id, op, inputs, attrs, origin } = node;
    const aliases = Object.entries(this.#ops.get(op).aliases);
    const made: PlanNode = {
      id,
      op,
      inputs,
      attrs,
      outputs: Object.fromEntries(
        outputs.map(({ name, value }) => [name, { dtype: value.dtype, shape: value.shape.map(printSize) }]),
      ),
      ...(origin === undefined ? {} : { origin }),
      ...(aliases.length === 0
        ? {}
        : { aliases: Object.fromEntries(aliases.map(([name, { input }]) => [name, input])) }),
    };
    // Expansions are made anew for each variant, so equal nodes may be different objects.
    const twins = this.#byId.get(id) ?? [];
    let index = twins.find((twin) => equalJson(this.nodes[twin], made));
    if (index === undefined) {
      index = this.nodes.push(made) - 1;
      twins.push(index);
      this.#byId.set(id, twins);
    }
    this.#byNode.set(node, index);
    return index;
  }
}
