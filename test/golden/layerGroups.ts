/** Lines that say the same of several layers, as one: `blk.*.attn.q  matmul  cuda:0  3-60`. */
export function layerGroups(rows: readonly (readonly [path: string, ...rest: string[]])[]): string[] {
  const groups = new Map<string, { readonly cells: readonly string[]; readonly layers: number[] }>();
  for (const [path, ...rest] of rows) {
    const layer = /(?:^|\.)(\d+)\./.exec(path);
    const cells = [path.replace(/(^|\.)\d+\./, "$1*."), ...rest];
    const key = cells.join("\t");
    const group = groups.get(key) ?? { cells, layers: [] };
    if (layer !== null) group.layers.push(Number(layer[1]));
    groups.set(key, group);
  }
  return [...groups.values()].map(({ cells, layers }) =>
    `  ${[...cells, spans(layers)].join("  ")}`.trimEnd(),
  );
}

/** `0-2, 5` */
function spans(numbers: readonly number[]): string {
  const found: [number, number][] = [];
  for (const n of [...new Set(numbers)].sort((a, b) => a - b)) {
    const last = found.at(-1);
    if (last !== undefined && last[1] === n - 1) last[1] = n;
    else found.push([n, n]);
  }
  return found.map(([from, to]) => (from === to ? `${from}` : `${from}-${to}`)).join(", ");
}
