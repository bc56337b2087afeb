import type { Pattern } from "../rules/rule.ts";
import { compilePattern } from "../rules/selector.ts";

const quoted = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");

/** `blk.3.ffn.down` → `blk`, 3, `.ffn.down`: names that differ in their layer only are told once. */
const layered = /^(.*\bblk\.)(\d+)(\..*)$/;

interface Family {
  /** The name without its layer's number, which stood between the two; `behind` is undefined for names without a layer. */
  readonly before: string;
  readonly behind: string | undefined;
  readonly layers: string[];
}

/** Names by what they have in common but for the layer. */
function familiesOf(names: readonly string[]): readonly Family[] {
  const families = new Map<string, Family>();
  for (const name of names) {
    const [, before = name, layer, behind] = layered.exec(name) ?? [];
    const key = `${before} ${behind ?? ""}`;
    const family = families.get(key) ?? { before, behind, layers: [] };
    if (layer !== undefined) family.layers.push(layer);
    families.set(key, family);
  }
  return [...families.values()];
}

const expression = ({ before, behind, layers }: Family, anyLayer: boolean): string =>
  behind === undefined
    ? quoted(before)
    : `${quoted(before)}${anyLayer ? "\\d+" : `(?:${layers.join("|")})`}${quoted(behind)}`;

/**
 * A pattern that matches exactly these names among all: a glob where one does, else an expression for layers of any number, else one that
 * lists the layers.
 *
 * @param glob tried first
 */
export function namePattern(names: readonly string[], all: readonly string[], glob: string): Pattern {
  const wanted = new Set(names);
  const fits = (pattern: Pattern) => {
    const matches = compilePattern(pattern);
    return all.every((name) => matches(name) === wanted.has(name));
  };
  const families = familiesOf(names);
  const [only] = families;
  const own =
    only === undefined || families.length > 1
      ? []
      : [only.behind === undefined ? only.before : `${only.before}*${only.behind}`];
  const regex = (anyLayer: boolean) => ({
    regex: `^(?:${families.map((family) => expression(family, anyLayer)).join("|")})$`,
  });
  return [glob, ...own, regex(true)].find(fits) ?? regex(false);
}
