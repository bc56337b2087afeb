import { type Chain, chainFits, chainNs } from "./chain.ts";
import type { Choice } from "./choices.ts";
import { type Group, groupKey } from "./groups.ts";

/** A choice that people make by hand, to compare with. */
export interface Baseline {
  readonly name: string;
  readonly choice: Choice;
}

/** How many of each family are planned for real: the linear model ranks them. */
const KEPT = 3;

const layersOf = (groups: readonly Group[]): readonly number[] =>
  [...new Set(groups.map(({ layer }) => layer))].filter((layer) => layer >= 0).sort((a, b) => a - b);

/** The device of each of `layers`, spread evenly over the devices behind the first. */
const spread = (layers: readonly number[], devices: number): ReadonlyMap<number, number> =>
  new Map(layers.map((layer, i) => [layer, 1 + Math.floor((i * (devices - 1)) / layers.length)]));

/** `-ngl N` for every N: the last N layers with their caches behind the first device, and with one more the output head. */
function gpuLayers(groups: readonly Group[], devices: number): readonly Baseline[] {
  const layers = layersOf(groups);
  return Array.from({ length: layers.length + 1 }, (_, index): Baseline => {
    const count = index + 1;
    const moved = spread(layers.slice(Math.max(0, layers.length - count)), devices);
    const choice = groups.map((group): [string, number] => {
      if (group.part === "output") return [groupKey(group), count > layers.length ? devices - 1 : 0];
      return [groupKey(group), moved.get(group.layer) ?? 0];
    });
    return { name: `-ngl ${count}`, choice: new Map(choice) };
  });
}

/** Everything but experts behind the first device, and the experts of the last N layers too. */
function someExperts(groups: readonly Group[], devices: number): readonly Baseline[] {
  const layers = layersOf(groups);
  const withExperts = layersOf(groups.filter(({ part }) => part === "experts"));
  if (withExperts.length === 0) return [];
  const all = spread(layers, devices);
  return Array.from({ length: withExperts.length + 1 }, (_, count): Baseline => {
    const moved = new Set(withExperts.slice(withExperts.length - count));
    const choice = groups.map((group): [string, number] => {
      if (group.part === "embedding") return [groupKey(group), 0];
      if (group.part === "output") return [groupKey(group), devices - 1];
      const stays = group.part === "experts" && !moved.has(group.layer);
      return [groupKey(group), stays ? 0 : (all.get(group.layer) ?? 0)];
    });
    return { name: `exps=CPU but for ${count} layers`, choice: new Map(choice) };
  });
}

/** The choices made by hand that are worth planning: all on the first device, and the best few of each family that fit. */
export function baselines(chain: Chain): readonly Baseline[] {
  const { groups } = chain;
  const devices = chain.room.length;
  const everything: Baseline = {
    name: "all on the first device",
    choice: new Map(groups.map((group) => [groupKey(group), 0])),
  };
  if (devices < 2) return [everything];
  const best = (family: readonly Baseline[]) =>
    family
      .filter(({ choice }) => chainFits(chain, choice))
      .map((baseline) => ({ baseline, ns: chainNs(chain, baseline.choice) }))
      .sort((a, b) => a.ns - b.ns)
      .slice(0, KEPT)
      .map(({ baseline }) => baseline);
  return [...best(gpuLayers(groups, devices)), ...best(someExperts(groups, devices)), everything];
}
