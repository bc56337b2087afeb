import { distance } from "fastest-levenshtein";

/** The names that are nearest to `wanted`, nearest first, at most three; none where even those are mostly different. */
export const nearNames = (wanted: string, names: Iterable<string>): readonly string[] =>
  [...names]
    .map((name) => ({ name, off: distance(wanted.toLowerCase(), name.toLowerCase()) }))
    .filter(({ name, off }) => off <= Math.max(wanted.length, name.length) / 2)
    .sort((a, b) => a.off - b.off || (a.name < b.name ? -1 : 1))
    .slice(0, 3)
    .map(({ name }) => name);
