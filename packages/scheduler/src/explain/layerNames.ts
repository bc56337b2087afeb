import { layerOf } from "../rules/selector.ts";

/** `blk.3.attn.q` → `blk.*.attn.q`: the same thing of every layer. Also inside sentences. */
export const maskLayers = (text: string): string =>
  text.replace(/(?<![\w.])(blk|cache)\.\d+(?=[.\s'"`,;:)]|$)/g, "$1.*");

/** `3–60`, `0, 2–5`: runs of whole numbers. */
function printRuns(numbers: readonly number[]): string {
  const sorted = [...new Set(numbers)].sort((a, b) => a - b);
  const runs: [number, number][] = [];
  for (const n of sorted) {
    const last = runs.at(-1);
    if (last !== undefined && last[1] === n - 1) last[1] = n;
    else runs.push([n, n]);
  }
  return runs.map(([from, to]) => (from === to ? String(from) : `${from}–${to}`)).join(", ");
}

/** `layers 3–60`, `layer 4`; `undefined` where no name belongs to a layer. */
export function printLayers(names: readonly string[]): string | undefined {
  const layers = names.flatMap((name) => layerOf(name) ?? []);
  if (layers.length === 0) return undefined;
  return `${new Set(layers).size === 1 ? "layer" : "layers"} ${printRuns(layers)}`;
}

/** Names that differ in their layer only, folded: `blk.*.attn.q (layers 0–26)`, in the order of their first ones. */
export function foldNames(names: readonly string[]): readonly string[] {
  const groups = new Map<string, string[]>();
  for (const name of names) {
    const group = groups.get(maskLayers(name));
    if (group === undefined) groups.set(maskLayers(name), [name]);
    else if (!group.includes(name)) group.push(name);
  }
  return [...groups].map(([masked, group]) =>
    group.length === 1 ? (group[0] as string) : `${masked} (${printLayers(group)})`,
  );
}
