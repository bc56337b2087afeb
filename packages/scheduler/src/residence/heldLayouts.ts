import { type DeviceProfile, ROWS_LAYOUT } from "@tensorplan/backend-api";
import type { DType, Graph } from "@tensorplan/ir";
import type { RuleBook } from "../rules/ruleBook.ts";
import type { LayoutWish } from "../verdicts/verdicts.ts";
import type { Homes } from "./homes.ts";

/** Layouts of a device in which another one can hold a weight of this type, byte for byte the same; `undefined`: all of them. */
function sharedLayouts(
  target: DeviceProfile,
  home: DeviceProfile,
  dtype: DType,
): readonly string[] | undefined {
  const wanted = target.layouts.filter(({ name }) => name !== ROWS_LAYOUT);
  const held = wanted.filter(({ name, rowGroup }) =>
    home.layouts.some(
      (layout) => layout.name === name && layout.rowGroup === rowGroup && layout.dtypes.includes(dtype),
    ),
  );
  return held.length === wanted.length ? undefined : [ROWS_LAYOUT, ...held.map(({ name }) => name)];
}

/**
 * The layouts that a kernel may ask of a weight: at home the one of the store rule, if that names one; on a device that gets the weight by a
 * stream one that the home can hold, since a copy changes no layout.
 */
export function layoutWish(
  graph: Graph,
  devices: readonly DeviceProfile[],
  homes: Homes,
  book: RuleBook,
): LayoutWish {
  const streamTargets = new Set(
    book.family.stream.flatMap(({ rule }) => (rule.do as { readonly stream: readonly string[] }).stream),
  );
  const dtypes = new Map<string, DType>(graph.weights.map(({ id, dtype }) => [id, dtype]));
  const shared = new Map<string, readonly string[] | undefined>();
  return (weight, device) => {
    const home = homes.of(weight);
    const target = devices[device] as DeviceProfile;
    const fixed = home.layout === undefined ? undefined : [home.layout];
    if (home.device === device) return fixed;
    if (!streamTargets.has(target.id) || homes.replica(weight, device) !== undefined) return undefined;
    if (fixed !== undefined) return fixed;
    const dtype = dtypes.get(weight) as DType;
    const key = `${home.device} ${device} ${dtype}`;
    if (!shared.has(key)) {
      shared.set(key, sharedLayouts(target, devices[home.device] as DeviceProfile, dtype));
    }
    return shared.get(key);
  };
}
