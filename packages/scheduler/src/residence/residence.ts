import { type DeviceProfile, MAP_GRANULE, ROWS_LAYOUT } from "@tensorplan/backend-api";
import { type DType, evaluateSize, type Graph, printSize, size, type WeightSource } from "@tensorplan/ir";
import { align } from "../memory/align.ts";
import type { Decision, Tried } from "../rules/ruleBook.ts";
import type { Homes } from "./homes.ts";
import { layoutBytes } from "./layoutBytes.ts";

/** One copy of a weight in a device's `weights` region. */
export interface WeightCopy {
  readonly device: string;
  readonly layout: string;
  readonly offset: number;
  readonly bytes: number;
  /** Not a copy: the file's bytes, mapped. */
  readonly mapped?: true;
  /** Why there is this copy: it is at home; a node elsewhere reads it (the rule that allows it); kernels read two layouts. */
  readonly because:
    | { readonly kind: "home" | "layout" }
    | { readonly kind: "replica"; readonly rule: string };
}

/** A weight that some variant reads, and where it lives. Weights that no variant reads are not loaded. */
export interface WeightResidence {
  readonly weight: string;
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly source: WeightSource;
  readonly decision: Decision;
  /** The map rule that was obeyed (or null), and those that weren't; absent where there are no map rules. */
  readonly mapping?: { readonly rule: string | null; readonly tried: readonly Tried[] };
  readonly copies: readonly WeightCopy[];
}

/** A cache in its device's `states` region, at its largest. */
export interface StateResidence {
  readonly state: string;
  readonly dtype: DType;
  /** Printed sizes, slowest axis first. */
  readonly shape: readonly string[];
  readonly layout: string;
  readonly device: string;
  readonly offset: number;
  readonly bytes: number;
  readonly decision: Decision;
}

/** A need for a weight: some kernel on `device` reads it in `layout`. */
export interface WeightUse {
  readonly weight: string;
  readonly device: number;
  readonly layout: string;
}

export interface Residence {
  readonly weights: readonly WeightResidence[];
  readonly states: readonly StateResidence[];
  /** Bytes of the regions by device index; those of weights with the mapped part, which stands at the end. */
  readonly mappedBytes: readonly number[];
  readonly weightBytes: readonly number[];
  readonly stateBytes: readonly number[];
  readonly homes: Homes;
  /** The copy of a weight on a device in a layout that some kernel reads. */
  copyOf(weight: string, device: string, layout: string): WeightCopy;
}

/** Lays out weights and caches in the graph's order, so that a place depends on nothing but the graph, rules and kernels. */
export function layOutResidence(
  graph: Graph,
  devices: readonly DeviceProfile[],
  homes: Homes,
  uses: readonly WeightUse[],
): Residence {
  const weightEnds = devices.map(() => 0);
  const stateEnds = devices.map(() => 0);
  const wanted = new Map<string, WeightUse[]>();
  for (const use of uses) {
    const list = wanted.get(use.weight) ?? [];
    if (!list.some(({ device, layout }) => device === use.device && layout === use.layout)) list.push(use);
    wanted.set(use.weight, list);
  }
  const axes = new Map(Object.entries(graph.axes).map(([name, text]) => [name, size(text)]));
  const sizesOf = (names: readonly string[]) => names.map((name) => axes.get(name) ?? size(name));

  const weights: WeightResidence[] = [];
  for (const { id, dtype, axes: names, source } of graph.weights) {
    const list = wanted.get(id);
    if (list === undefined) continue;
    const shape = sizesOf(names).map((s) => evaluateSize(s, {}));
    const home = homes.of(id);
    const seen = new Set<number>();
    const copies = [...list]
      .sort((a, b) => a.device - b.device || (a.layout < b.layout ? -1 : 1))
      .map(({ device, layout }): WeightCopy => {
        const profile = devices[device] as DeviceProfile;
        const bytes = layoutBytes(dtype, shape, layout, profile.layouts);
        const mapped = device === home.device && layout === ROWS_LAYOUT && home.mapping?.offset !== undefined;
        // Mapped weights are placed behind all others.
        const offset = mapped ? 0 : (weightEnds[device] as number);
        if (!mapped) weightEnds[device] = align(offset + bytes);
        const again = seen.has(device);
        seen.add(device);
        const because: WeightCopy["because"] = again
          ? { kind: "layout" }
          : device === home.device
            ? { kind: "home" }
            : { kind: "replica", rule: homes.replica(id, device) ?? "" };
        return {
          device: profile.id,
          layout,
          offset,
          bytes,
          ...(mapped ? { mapped } : {}),
          because,
        };
      });
    const mapping = home.mapping && { rule: home.mapping.rule, tried: home.mapping.tried };
    weights.push({
      weight: id,
      dtype,
      shape,
      source,
      decision: home.decision,
      ...(mapping ? { mapping } : {}),
      copies,
    });
  }
  const copiedBytes = [...weightEnds];
  const placed = placeMapped(weights, devices, homes, weightEnds);

  const states = graph.states.map(({ id, dtype, axes: names }): StateResidence => {
    const sizes = sizesOf(names);
    const home = homes.of(id);
    const shape = sizes.map((s) => evaluateSize(s, graph.symbols));
    const bytes = layoutBytes(dtype, shape, ROWS_LAYOUT, []);
    const offset = stateEnds[home.device] as number;
    stateEnds[home.device] = align(offset + bytes);
    return {
      state: id,
      dtype,
      shape: sizes.map(printSize),
      layout: ROWS_LAYOUT,
      device: (devices[home.device] as DeviceProfile).id,
      offset,
      bytes,
      decision: home.decision,
    };
  });
  const byName = new Map(placed.map((each) => [each.weight, each]));
  return {
    weights: placed,
    states,
    weightBytes: weightEnds,
    mappedBytes: weightEnds.map((end, device) => end - (copiedBytes[device] as number)),
    stateBytes: stateEnds,
    homes,
    copyOf: (weight, device, layout) =>
      byName
        .get(weight)
        ?.copies.find((copy) => copy.device === device && copy.layout === layout) as WeightCopy,
  };
}

/** Gives mapped weights their places: whole granules, each place as far into its granule as the tensor is in the file. */
function placeMapped(
  weights: readonly WeightResidence[],
  devices: readonly DeviceProfile[],
  homes: Homes,
  ends: number[],
): readonly WeightResidence[] {
  const granules = (bytes: number) => Math.ceil(bytes / MAP_GRANULE) * MAP_GRANULE;
  return weights.map((weight) => {
    const copies = weight.copies.map((copy): WeightCopy => {
      if (copy.mapped !== true) return copy;
      const device = devices.findIndex(({ id }) => id === copy.device);
      const inFile = homes.of(weight.weight).mapping?.offset ?? 0;
      const offset = granules(ends[device] as number) + (inFile % MAP_GRANULE);
      ends[device] = granules(offset + copy.bytes);
      return { ...copy, offset };
    });
    return { ...weight, copies };
  });
}
