import type { Selector } from "../rules/rule.ts";

/** Tensors that the optimiser moves together: one kind of a layer, or what stands before or behind the layers. */
export type Part = "attention" | "feed-forward" | "experts" | "embedding" | "output";

export interface Group {
  readonly part: Part;
  /** -1 outside the layers. */
  readonly layer: number;
}

const ATTENTION = String.raw`^blk\.\d+\.attn`;
const EXPERTS = String.raw`_exps(\.|$)`;
const EMBEDDING = "^token_embd";

export const groupKey = ({ part, layer }: Group): string => (layer < 0 ? part : `${layer} ${part}`);

const layerOfName = (name: string): number => Number(/^(?:blk|cache)\.(\d+)\./.exec(name)?.[1] ?? -1);

/** The group of a weight, by its name. */
export function groupOfWeight(name: string): Group {
  const layer = layerOfName(name);
  if (layer < 0) return { layer, part: new RegExp(EMBEDDING).test(name) ? "embedding" : "output" };
  if (new RegExp(EXPERTS).test(name)) return { layer, part: "experts" };
  return { layer, part: new RegExp(ATTENTION).test(name) ? "attention" : "feed-forward" };
}

/** Caches belong to the attention of their layer. */
export const groupOfState = (name: string): Group => ({ layer: layerOfName(name), part: "attention" });

/** The group whose time a node counts for: that of a weight it reads, else the one that its path names. */
export function groupOfNode(id: string, op: string, weights: readonly string[]): Group {
  const [weight] = weights;
  if (weight !== undefined) return groupOfWeight(weight);
  const layer = layerOfName(id);
  if (layer < 0) return { layer, part: op === "embed" ? "embedding" : "output" };
  return { layer, part: new RegExp(ATTENTION).test(id) ? "attention" : "feed-forward" };
}

const anyLayer: Selector = { layer: { atLeast: 0 } };

const partSelectors: Readonly<Record<Part, Selector>> = {
  attention: { or: [{ weight: { regex: ATTENTION } }, { kind: "state" }] },
  experts: { weight: { regex: EXPERTS } },
  "feed-forward": {
    and: [
      { kind: "weight" },
      { not: { or: [{ weight: { regex: ATTENTION } }, { weight: { regex: EXPERTS } }] } },
    ],
  },
  embedding: { and: [{ weight: { regex: EMBEDDING } }, { not: anyLayer }] },
  output: { and: [{ kind: "weight" }, { not: { weight: { regex: EMBEDDING } } }, { not: anyLayer }] },
};

/** Ascending layers as runs: 3, 4, 5, 9 → 3–5, 9. */
function layerRuns(layers: readonly number[]): readonly { readonly from: number; readonly to: number }[] {
  const runs: { from: number; to: number }[] = [];
  for (const layer of [...layers].sort((a, b) => a - b)) {
    const last = runs.at(-1);
    if (last !== undefined && last.to === layer - 1) last.to = layer;
    else runs.push({ from: layer, to: layer });
  }
  return runs;
}

/** What a store rule for one part of some layers selects. */
export function partSelector(part: Part, layers: readonly number[]): Selector {
  if (part === "embedding" || part === "output") return partSelectors[part];
  const runs = layerRuns(layers).map(
    ({ from, to }): Selector => ({ layer: { atLeast: from, below: to + 1 } }),
  );
  const [first] = runs;
  const where = runs.length === 1 && first !== undefined ? first : { or: runs };
  return { and: [where, partSelectors[part]] };
}
