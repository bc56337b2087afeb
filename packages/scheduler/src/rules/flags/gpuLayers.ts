import type { DeviceProfile } from "@tensorplan/backend-api";
import { type Graph, TensorplanError } from "@tensorplan/ir";
import { storedFacts } from "../../residence/storedFacts.ts";
import type { Rule, Selector } from "../rule.ts";
import { compileRule } from "../ruleBook.ts";
import { compileSelector, type Facts, layerOf } from "../selector.ts";
import { sizesOf } from "../sizeSelectors.ts";
import { type HostAndAccelerators, hostAndAccelerators } from "./flagDevices.ts";
import { flagRule } from "./flagRule.ts";
import { divideByCount, divideBySize } from "./layerShares.ts";
import type { PlacementFlags } from "./placementFlags.ts";
import { rowSplitRules } from "./rowSplit.ts";
import { chosenAccelerator, statedShares } from "./splitFlags.ts";

/** Layers of a graph: one more than the highest number in its weights' names. */
export const layerCount = (graph: Graph): number =>
  graph.weights.reduce((count, { id }) => Math.max(count, (layerOf(id) ?? -1) + 1), 0);

const outputHead = { kind: "weight", weight: { regex: "^output" } } as const;

/** Bytes of each layer from `first` on, and of the output head behind them; what earlier rules store doesn't count. */
function layerBytes(
  graph: Graph,
  first: number,
  layers: number,
  earlier: readonly Rule[],
): readonly number[] {
  const bytes: number[] = Array.from({ length: layers - first + 1 }, () => 0);
  const elsewhere = earlier.filter((rule) => "store" in rule.do).map((rule) => compileRule(rule).matches);
  const isHead = compileSelector(outputHead);
  const sizeOf = ({ weights, states }: Facts) =>
    [...weights, ...states].reduce((sum, stored) => sum + sizesOf(stored).bytes, 0);
  for (const facts of storedFacts(graph)) {
    const at = facts.layer ?? (isHead(facts, undefined) === undefined ? layers : -1);
    if (at < first || elsewhere.some((matches) => matches(facts, undefined) === undefined)) continue;
    bytes[at - first] = (bytes[at - first] as number) + sizeOf(facts);
  }
  return bytes;
}

interface Stretch {
  readonly device: DeviceProfile;
  readonly from: number;
  /** One more than the last layer; more than there are: the output head too. */
  readonly below: number;
}

/** Runs of layers by accelerator: all on one, by stated shares, or by bytes in proportion to the accelerators' memory. */
function stretches(
  flags: PlacementFlags,
  { accelerators }: HostAndAccelerators,
  bytes: readonly number[],
  first: number,
): readonly Stretch[] {
  const one = chosenAccelerator(flags, accelerators);
  const devices = one === undefined ? accelerators : [one];
  const stated = flags.splitMode === "row" ? undefined : statedShares(flags, devices);
  const parts =
    stated === undefined
      ? divideBySize(
          bytes,
          devices.map(({ memoryBytes }) => memoryBytes),
        )
      : divideByCount(bytes.length, stated);
  return devices.flatMap((device, part): readonly Stretch[] => {
    const from = parts.indexOf(part);
    return from < 0 ? [] : [{ device, from: first + from, below: first + parts.lastIndexOf(part) + 1 }];
  });
}

/**
 * `-ngl N` with `-sm`, `-ts` and `-mg`: store rules for runs of layers, for the output head, and for the rest; with `-sm row` shard rules
 * in front of them.
 *
 * @param earlier rules of other flags, which come first: what they store has no part in weighing layers
 * @throws TensorplanError `flags/gpu-layers`, `flags/no-accelerator`, `flags/no-effect`, and those of `splitFlags.ts`
 */
export function gpuLayerRules(
  n: number,
  flags: PlacementFlags,
  graph: Graph,
  devices: readonly DeviceProfile[],
  earlier: readonly Rule[],
): readonly Rule[] {
  const layers = layerCount(graph);
  if (!Number.isSafeInteger(n) || n < 0) {
    throw new TensorplanError({
      code: "flags/gpu-layers",
      message: `-ngl ${n}: the number of layers must be a whole number from 0 on`,
      hint: `this model has ${layers} layers`,
    });
  }
  const parties = hostAndAccelerators(devices, "-ngl");
  const { splitMode, tensorSplit, mainGpu } = flags;
  const text = [
    `-ngl ${n}`,
    ...(splitMode === undefined ? [] : [`-sm ${splitMode}`]),
    ...(tensorSplit === undefined ? [] : [`-ts ${tensorSplit}`]),
    ...(mainGpu === undefined ? [] : [`-mg ${mainGpu}`]),
  ].join(" ");
  const first = Math.max(0, layers - n);
  const bytes = layerBytes(graph, first, layers, earlier);
  const counted = n > layers ? bytes : bytes.slice(0, -1);
  const found = n === 0 ? [] : stretches(flags, parties, counted, first);
  const several = found.length > 1;
  const rules: Rule[] = found.flatMap(({ device, from, below }): readonly Rule[] => {
    const last = Math.min(below, layers);
    const head = flagRule(text, {
      name: `-ngl ${n}: output`,
      when: outputHead,
      do: { store: device.id },
      why: `the output head counts as layer ${layers + 1}`,
    });
    const run = flagRule(text, {
      name: several ? `-ngl ${n}: layers on ${device.id}` : `-ngl ${n}: layers`,
      when: { layer: several ? { atLeast: from, below: last } : { atLeast: from } },
      do: { store: device.id },
      why: several
        ? `layers ${from} to ${last - 1}, ${tensorSplit === undefined ? "by bytes in proportion to memory" : "by the shares stated"}`
        : `the last ${Math.min(n, layers)} of ${layers} layers`,
    });
    return [...(from < layers ? [run] : []), ...(below > layers ? [head] : [])];
  });
  // Without layers on an accelerator, all that the flag says is that nothing lives there.
  const rest = flagRule(text, {
    name: `-ngl ${n}: the rest`,
    when: {},
    do: { store: parties.host.id },
    why: "what isn't in one of those layers stays with the host",
  });
  const offloaded: Selector =
    n > layers ? { or: [{ layer: { atLeast: first } }, outputHead] } : { layer: { atLeast: first } };
  const cut = splitMode === "row" ? rowSplitRules(text, flags, graph, parties.accelerators, offloaded) : [];
  const placed = [...cut, ...rules];
  return parties.accelerators.includes(parties.host) ? placed : [...placed, rest];
}
