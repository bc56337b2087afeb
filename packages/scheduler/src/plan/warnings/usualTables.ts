import { TensorplanError } from "@tensorplan/ir";
import { viewGraph } from "../../graph/graphView.ts";
import { findHomes } from "../../residence/homes.ts";
import type { RuleBook } from "../../rules/ruleBook.ts";
import type { Bounds } from "../../variants/bounds.ts";
import { type Box, boxKey } from "../../variants/box.ts";
import { Verdicts } from "../../verdicts/verdicts.ts";
import type { PlanInput } from "../planInput.ts";
import { decideTable, type VariantTable } from "../variantTable.ts";
import { withCacheType } from "./withCacheType.ts";

/** The type that programs of this kind keep their caches in where nothing is said. */
const USUAL = "f16";

/**
 * What would be decided for the same boxes with f16 caches; `undefined` for boxes for which nothing can be. Nothing at all is decided for
 * caches that are f16 or f32 already.
 */
export function usualTables(
  { graph, ops, devices, fileOffsets }: PlanInput,
  book: RuleBook,
  boxes: readonly { readonly box: Box; readonly bounds: Bounds }[],
): readonly (VariantTable | undefined)[] {
  if (graph.states.every(({ dtype }) => dtype === USUAL || dtype === "f32")) return [];
  const usual = withCacheType(viewGraph(graph, ops), USUAL);
  const homes = findHomes(usual, devices, book, fileOffsets);
  const verdicts = new Verdicts(devices);
  return boxes.map(({ box, bounds }) => {
    try {
      return decideTable({ graph: usual, ops, book, devices, homes, verdicts }, box, bounds, boxKey(box));
    } catch (error) {
      if (error instanceof TensorplanError) return undefined;
      throw error;
    }
  });
}
