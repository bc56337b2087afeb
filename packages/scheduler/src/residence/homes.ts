import type { DeviceProfile } from "@tensorplan/backend-api";
import { type Graph, TensorplanError } from "@tensorplan/ir";
import { askRules, type Decision, type RuleBook } from "../rules/ruleBook.ts";
import type { Facts } from "../rules/selector.ts";
import { findMapping, type Mapping } from "./mapping.ts";
import { storedFacts } from "./storedFacts.ts";

/** Where a weight or a cache lives. `layout`: the one that its rule asked for. */
interface Home {
  readonly device: number;
  readonly layout?: string;
  readonly decision: Decision;
  /** What the map rules said of a weight; absent where there are none. */
  readonly mapping?: Mapping;
}

export interface Homes {
  /** The home of a weight or state of the graph. */
  of(id: string): Home;
  /** The rule that lets a weight be held on another device too. */
  replica(weight: string, device: number): string | undefined;
  readonly facts: readonly Facts[];
}

/**
 * Decides where every weight and cache lives: one table for all sizes of step.
 *
 * @throws TensorplanError `residence/undecided`, `residence/layout`, `residence/map`
 */
export function findHomes(
  graph: Graph,
  devices: readonly DeviceProfile[],
  book: RuleBook,
  fileOffsets?: ReadonlyMap<string, number>,
): Homes {
  const facts = storedFacts(graph);
  const weights = new Map(graph.weights.map((weight) => [weight.id as string, weight]));
  const homes = new Map<string, Home>();
  const replicas = new Map<string, ReadonlyMap<number, string>>();
  for (const thing of facts) {
    const found = askRules<Omit<Home, "decision">>(
      book.family.store,
      thing,
      undefined,
      (rule) => {
        const action = rule.do as { readonly store: string; readonly layout?: string };
        const device = devices.findIndex(({ id }) => id === action.store);
        const { layout } = action;
        const problem =
          layout === undefined ? undefined : layoutProblem(devices[device] as DeviceProfile, layout, thing);
        return problem === undefined
          ? { kind: "decide", value: { device, ...(layout === undefined ? {} : { layout }) } }
          : { kind: "refused", why: problem };
      },
      (rule, why) => {
        throw new TensorplanError({
          code: "residence/layout",
          message: `rule '${rule.name}' can't store '${thing.id}': ${why}`,
          hint: "ask for a layout that the device lists, or for none",
        });
      },
    );
    if ("tried" in found) {
      throw new TensorplanError({
        code: "residence/undecided",
        message: `no rule says where '${thing.id}' lives`,
        hint: "end the list with a store rule for everything",
      });
    }
    const home: Home = { ...found.value, decision: found.decision };
    const weight = weights.get(thing.id);
    const mapping =
      weight &&
      findMapping({
        book,
        facts: thing,
        source: weight.source,
        device: devices[home.device] as DeviceProfile,
        layout: home.layout,
        fileOffsets,
      });
    if (mapping === undefined) homes.set(thing.id, home);
    else
      homes.set(thing.id, { ...home, ...(mapping.offset === undefined ? {} : { layout: "rows" }), mapping });
    if (thing.kind === "weight") replicas.set(thing.id, replicasOf(thing, devices, book));
  }
  return {
    facts,
    of: (id) => homes.get(id) as Home,
    replica: (weight, device) => replicas.get(weight)?.get(device),
  };
}

function layoutProblem(device: DeviceProfile, layout: string, { kind, weights }: Facts): string | undefined {
  if (layout === "rows") return undefined;
  if (kind === "state") return "caches are always stored in rows";
  const info = device.layouts.find(({ name }) => name === layout);
  if (info === undefined) {
    return `${device.id} has no layout ${layout} (it has ${["rows", ...device.layouts.map(({ name }) => name).sort()].join(", ")})`;
  }
  const wrong = weights.find(({ dtype }) => !info.dtypes.includes(dtype));
  return wrong === undefined ? undefined : `${wrong.dtype} can't be stored as ${layout}`;
}

function replicasOf(
  weight: Facts,
  devices: readonly DeviceProfile[],
  book: RuleBook,
): ReadonlyMap<number, string> {
  const allowed = new Map<number, string>();
  for (const { rule, matches } of book.family.replicate) {
    if (matches(weight, undefined) !== undefined) continue;
    for (const name of (rule.do as { readonly replicate: readonly string[] }).replicate) {
      const device = devices.findIndex(({ id }) => id === name);
      if (!allowed.has(device)) allowed.set(device, rule.name);
    }
  }
  return allowed;
}
