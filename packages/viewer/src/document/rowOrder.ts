import type { ViewGroup } from "./viewDocument.ts";

/**
 * One order of all ids in which each list's own order holds as far as the lists agree: what only a later list has stands behind the id
 * that precedes it there.
 */
export function mergeOrders(lists: readonly (readonly string[])[]): readonly string[] {
  const next = new Map<string, string | undefined>();
  let head: string | undefined;
  for (const list of lists) {
    let before: string | undefined;
    for (const id of list) {
      if (!next.has(id)) {
        if (before === undefined) {
          next.set(id, head);
          head = id;
        } else {
          next.set(id, next.get(before));
          next.set(before, id);
        }
      }
      before = id;
    }
  }
  const order: string[] = [];
  for (let id = head; id !== undefined; id = next.get(id)) order.push(id);
  return order;
}

const layered = /^blk\.(\d+)\./;

/** Runs of rows of one layer, and of those between layers. */
export function groupRows(ids: readonly string[]): readonly ViewGroup[] {
  const groups: { layer: number; first: number; count: number }[] = [];
  ids.forEach((id, row) => {
    const layer = Number(layered.exec(id)?.[1] ?? -1);
    const last = groups.at(-1);
    if (last !== undefined && last.layer === layer) last.count++;
    else groups.push({ layer, first: row, count: 1 });
  });
  const named = new Set<number>();
  return groups.map((group, at) => {
    const again = named.has(group.layer);
    named.add(group.layer);
    const name = groupName(group, at, groups.length, ids);
    return { ...group, name: again && group.layer >= 0 ? `${name}, continued` : name };
  });
}

function groupName(
  { layer, first, count }: { readonly layer: number; readonly first: number; readonly count: number },
  at: number,
  groups: number,
  ids: readonly string[],
): string {
  if (layer >= 0) return `layer ${layer}`;
  if (count === 1) return ids[first] ?? "";
  if (at === 0) return "before the layers";
  return at === groups - 1 ? "behind the layers" : "between layers";
}
