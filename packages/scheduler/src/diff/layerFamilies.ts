const layered = /^(blk|cache)\.(\d+)(\..*)?$/;

/** `blk.3.attn.q` → `blk.*.attn.q` and 3. */
function familyOf(id: string): { readonly family: string; readonly layer: number | undefined } {
  const found = layered.exec(id);
  if (found === null) return { family: id, layer: undefined };
  return { family: `${found[1]}.*${found[3] ?? ""}`, layer: Number(found[2]) };
}

/** `1-3,5`: ascending numbers as runs. */
function printRuns(numbers: readonly number[]): string {
  const runs: [number, number][] = [];
  for (const n of [...new Set(numbers)].sort((a, b) => a - b)) {
    const last = runs.at(-1);
    if (last !== undefined && last[1] === n - 1) last[1] = n;
    else runs.push([n, n]);
  }
  return runs.map(([first, last]) => (first === last ? String(first) : `${first}-${last}`)).join(",");
}

export interface LayerFamily<T> {
  /** `blk.{3-60}.ffn_up_exps.weight`; a single layer's name as it is. */
  readonly name: string;
  readonly items: readonly T[];
}

/**
 * Puts things of different layers together that have the same name apart from the layer and the same `key`, in the order in which they
 * are first met.
 */
export function layerFamilies<T>(
  items: readonly T[],
  idOf: (item: T) => string,
  key: (item: T) => string,
): readonly LayerFamily<T>[] {
  const groups = new Map<string, { family: string; layers: number[]; items: T[] }>();
  for (const item of items) {
    const { family, layer } = familyOf(idOf(item));
    const group = `${family}\n${key(item)}`;
    const found = groups.get(group) ?? { family, layers: [], items: [] };
    if (layer !== undefined) found.layers.push(layer);
    found.items.push(item);
    groups.set(group, found);
  }
  return [...groups.values()].map(({ family, layers, items: all }) => {
    const runs = printRuns(layers);
    return { name: family.replace("*", /^\d+$/.test(runs) ? runs : `{${runs}}`), items: all };
  });
}
