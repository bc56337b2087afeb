import { type Bindings, evaluateSize, type Graph, size, type ValueDecl } from "@tensorplan/ir";
import { type Facts, layerOf } from "../rules/selector.ts";

/** What store rules can ask of each weight and cache, in the graph's order. Caches are as large as they get. */
export function storedFacts({ weights, states, axes, symbols }: Graph): readonly Facts[] {
  const sizes = new Map(Object.entries(axes).map(([name, text]) => [name, size(text)]));
  const shapeOf = (names: readonly string[], bindings: Bindings) =>
    names.map((name) => size(evaluateSize(sizes.get(name) ?? size(name), bindings)));
  const facts = (kind: "weight" | "state", { id, dtype, axes: names }: ValueDecl): Facts => {
    const stored = { id, dtype, shape: shapeOf(names, kind === "weight" ? {} : symbols) };
    return {
      kind,
      id,
      ops: [],
      within: [],
      weights: kind === "weight" ? [stored] : [],
      states: kind === "state" ? [stored] : [],
      layer: layerOf(id),
      dimension: () => undefined,
    };
  };
  return [
    ...weights.map((weight) => facts("weight", weight)),
    ...states.map((state) => facts("state", state)),
  ];
}
