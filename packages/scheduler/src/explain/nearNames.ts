import { distance } from "fastest-levenshtein";
import { maskLayers } from "./layerNames.ts";

/** Up to five names that somebody who wrote `wanted` may have meant, best first: those that hold it, else those spelled alike. */
export function nearNames(wanted: string, names: readonly string[]): readonly string[] {
  const last = wanted.split(".").at(-1) ?? wanted;
  const holding = names.filter((name) => name.includes(wanted) || name.endsWith(`.${last}`));
  if (holding.length > 0) return holding.slice(0, 5);
  const text = maskLayers(wanted);
  const most = Math.max(2, Math.floor(wanted.length / 4));
  const near = names
    .map((name, at) => ({ name, at, by: distance(text, maskLayers(name)), whole: distance(wanted, name) }))
    .filter(({ by }) => by <= most)
    .sort((a, b) => a.by - b.by || a.whole - b.whole || a.at - b.at);
  return near.slice(0, 5).map(({ name }) => name);
}
