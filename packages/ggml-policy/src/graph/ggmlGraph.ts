import type { GgmlTensor } from "./tensor.ts";

/**
 * The list of nodes that a program asked for, in the order in which ggml evaluates them: sources first, left to right. Order matters to
 * the scheduler, which takes devices from neighbours in this list.
 */
export class GgmlGraph {
  readonly nodes: GgmlTensor[] = [];
  /** Weights, caches and inputs. */
  readonly leaves: GgmlTensor[] = [];
  readonly #seen = new Set<GgmlTensor>();

  /** Adds a tensor and all that it needs and that isn't there yet. Nodes without a name get one from their place. */
  expand(tensor: GgmlTensor): void {
    if (this.#seen.has(tensor)) return;
    this.#seen.add(tensor);
    for (const source of tensor.src) this.expand(source);
    if (tensor.op === "NONE") {
      if (tensor.name === "") tensor.name = `leaf_${this.leaves.length}`;
      this.leaves.push(tensor);
      return;
    }
    if (tensor.name === "") tensor.name = `node_${this.nodes.length}`;
    this.nodes.push(tensor);
  }
}
