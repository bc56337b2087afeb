import { ROWS_LAYOUT } from "@tensorplan/backend-api";
import type { Homes } from "../residence/homes.ts";
import type { WeightUse } from "../residence/residence.ts";
import type { VariantTable } from "./variantTable.ts";

/** Weights that the variants' kernels read, with device and layout: those that are streamed lie at home, in the layout that is read. */
export const weightUses = (tables: readonly VariantTable[], homes: Homes): readonly WeightUse[] =>
  tables.flatMap(({ view, placements, kernels, streams }) =>
    view.nodes.flatMap(({ index, operands }): WeightUse[] => {
      const placement = placements[index];
      if (placement === undefined) return [];
      return operands
        .filter(({ value }) => value.root.kind === "weight")
        .map(({ name, value: { root } }) => {
          const streamed = streams[index]?.some(({ weight }) => weight === root) === true;
          return {
            weight: root.id,
            device: streamed ? homes.of(root.id).device : placement.device,
            layout: kernels[index]?.operands[name]?.layout ?? ROWS_LAYOUT,
          };
        });
    }),
  );

/** Devices that read each step input, in any variant. An input that is an output too is on the first device. */
export function inputReaders(tables: readonly VariantTable[]): ReadonlyMap<string, ReadonlySet<number>> {
  const readers = new Map<string, Set<number>>();
  const note = (input: string, device: number) => {
    const set = readers.get(input);
    if (set === undefined) readers.set(input, new Set([device]));
    else set.add(device);
  };
  for (const { view, placements } of tables) {
    for (const { index, operands } of view.nodes) {
      const placement = placements[index];
      if (placement === undefined) continue;
      for (const { value } of operands) {
        if (value.root.kind === "input") note(value.root.id, placement.device);
      }
    }
    for (const { value } of view.graph.outputs) {
      const root = view.values.get(value)?.root;
      if (root?.kind === "input") note(root.id, 0);
    }
  }
  return readers;
}
