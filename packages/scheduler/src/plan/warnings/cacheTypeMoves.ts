import type { DType } from "@tensorplan/ir";
import { foldNames } from "../../explain/layerNames.ts";
import type { PlanWarning } from "../plan.ts";
import type { VariantTable } from "../variantTable.ts";

/** How a node that reads a cache is done: what differs here is more than another kernel of the same kind. */
interface Way {
  readonly node: string;
  readonly op: string;
  readonly device: string;
  readonly lowering: string;
  /** Instruction sets that its kernel needs. */
  readonly requires: readonly string[];
}

/** Lowerings of the composites that a node's path lies in. */
const loweringsOf = ({ lowerings }: VariantTable, node: string): string =>
  lowerings
    .filter((each) => node === each.node || node.startsWith(`${each.node}.`))
    .map(({ lowering }) => lowering)
    .join(", ");

/** The composite, or the node itself, that reads a cache, and how it is done. */
function waysOf(table: VariantTable, devices: readonly string[]): ReadonlyMap<string, Way> {
  const ways = new Map<string, Way>();
  const composites = new Set(table.lowerings.map(({ node }) => node));
  const outermost = (id: string): string => {
    for (let dot = id.indexOf("."); dot > 0; dot = id.indexOf(".", dot + 1)) {
      if (composites.has(id.slice(0, dot))) return id.slice(0, dot);
    }
    return id;
  };
  for (const { index, states, node, outputs } of table.view.nodes) {
    const placement = table.placements[index];
    // Writing a row into a cache is no attention.
    const writes = outputs.some(({ value }) => value.root.kind === "state");
    if (placement === undefined || states.length === 0 || writes) continue;
    const id = outermost(node.id);
    if (ways.has(id)) continue;
    ways.set(id, {
      node: id,
      op: node.op,
      device: devices[placement.device] ?? "",
      lowering: loweringsOf(table, node.id),
      requires: table.kernels[index]?.requires ?? [],
    });
  }
  return ways;
}

const slower = (way: Way, usual: Way): boolean => usual.requires.some((each) => !way.requires.includes(each));

const text = ({ lowering, device, requires }: Way): string => {
  const how = lowering === "" ? "" : ` as '${lowering}'`;
  return `${how} on ${device}${requires.length === 0 ? " by plain kernels" : ` by kernels for ${requires.join(" and ")}`}`;
};

/**
 * A type of the caches that sends attention to another device, to another lowering, or to kernels for lesser instruction sets than f16
 * caches would.
 *
 * @param actual tables of the plan, and `usual` those of the same boxes with f16 caches, where they could be made
 */
export function cacheTypeMoves(
  types: readonly DType[],
  devices: readonly string[],
  actual: readonly VariantTable[],
  usual: readonly (VariantTable | undefined)[],
): readonly PlanWarning[] {
  const moved = new Map<string, { readonly nodes: string[]; readonly way: Way; readonly other: Way }>();
  actual.forEach((table, i) => {
    const reference = usual[i];
    if (reference === undefined) return;
    const others = waysOf(reference, devices);
    for (const [id, way] of waysOf(table, devices)) {
      const other = others.get(id);
      if (other === undefined) continue;
      if (way.device === other.device && way.lowering === other.lowering && !slower(way, other)) continue;
      const key = JSON.stringify([text(way), text(other)]);
      const group = moved.get(key) ?? { nodes: [], way, other };
      if (!group.nodes.includes(id)) group.nodes.push(id);
      moved.set(key, group);
    }
  });
  return [...moved.values()].map(({ nodes, way, other }): PlanWarning => {
    return {
      code: "cache-type-moves-attention",
      message: `because the caches are ${types.join(" and ")}, ${foldNames(nodes).join(", ")} runs${text(way)}; with f16 caches it would run${text(other)}`,
      hint: `use another cache type (-ctk f16), or look at what the kernels take: explain --why-not ${other.device} ${nodes[0]}`,
    };
  });
}
