import type { DeviceProfile } from "@tensorplan/backend-api";
import { canonicalJson } from "@tensorplan/ir";
import type { Chain } from "./chain.ts";
import type { Choice } from "./choices.ts";
import { type Group, groupKey } from "./groups.ts";

/**
 * Devices that are alike but for their names, by index. The first device stands alone: inputs and outputs of a step are there, so that it
 * is like no other.
 */
export function twinsOf(devices: readonly DeviceProfile[]): readonly (readonly number[])[] {
  const kinds = new Map<string, number[]>();
  devices.forEach((device, index) => {
    const { id: _, ...rest } = device;
    const kind = index === 0 ? "first" : canonicalJson(rest);
    const known = kinds.get(kind);
    if (known === undefined) kinds.set(kind, [index]);
    else known.push(index);
  });
  return [...kinds.values()];
}

/**
 * The linear model with one device for each kind, which has the room of all of that kind. Names of equal devices can be exchanged in any
 * choice, and a solver would try them all. What passes between twins costs nothing here, so that the model's least time stays a bound.
 */
export function poolTwins(chain: Chain, twins: readonly (readonly number[])[]): Chain {
  const firsts = (table: Chain["ns"]) =>
    new Map([...table].map(([key, row]) => [key, twins.map(([first = 0]) => row[first] as number)]));
  return { ...chain, ns: firsts(chain.ns), bytes: firsts(chain.bytes), room: pooledRoom(chain.room, twins) };
}

export const pooledRoom = (
  room: readonly number[],
  twins: readonly (readonly number[])[],
): readonly number[] => twins.map((devices) => devices.reduce((sum, device) => sum + (room[device] ?? 0), 0));

/** A choice over devices, or the bytes by which a kind of device is too small for what was chosen for it. */
export type Dealt = { readonly choice: Choice } | { readonly kind: number; readonly over: number };

/** Before the layers, the layers, behind them. */
const order = ({ part, layer }: Group): number => (layer >= 0 ? layer : part === "embedding" ? -1 : Infinity);

/**
 * Deals what was chosen for a kind of device out to its members: layer by layer, each member filled before the next, so that values pass
 * between members as rarely as possible.
 */
export function dealOut(
  pooled: Choice,
  chain: Chain,
  room: readonly number[],
  twins: readonly (readonly number[])[],
): Dealt {
  const choice = new Map<string, number>();
  for (const [kind, members] of twins.entries()) {
    const groups = chain.groups.filter((group) => (pooled.get(groupKey(group)) ?? 0) === kind);
    const bytesOf = (group: Group) => chain.bytes.get(groupKey(group))?.[members[0] ?? 0] ?? 0;
    let member = 0;
    let left = room[members[0] ?? 0] ?? 0;
    let over = 0;
    for (const layer of byLayer(groups)) {
      const whole = layer.reduce((sum, group) => sum + bytesOf(group), 0);
      // A layer is kept together where the next member has room for all of it.
      if (whole > left && member + 1 < members.length && whole <= (room[members[member + 1] ?? 0] ?? 0)) {
        member++;
        left = room[members[member] ?? 0] ?? 0;
      }
      for (const group of layer) {
        const bytes = bytesOf(group);
        while (bytes > left && member + 1 < members.length) {
          member++;
          left = room[members[member] ?? 0] ?? 0;
        }
        if (bytes > left && members.length > 1) over += bytes;
        else left -= bytes;
        choice.set(groupKey(group), members[member] ?? 0);
      }
    }
    if (over > 0) return { kind, over };
  }
  return { choice };
}

function byLayer(groups: readonly Group[]): readonly (readonly Group[])[] {
  const layers = new Map<number, Group[]>();
  for (const group of groups) {
    const at = order(group);
    const layer = layers.get(at);
    if (layer === undefined) layers.set(at, [group]);
    else layer.push(group);
  }
  return [...layers].sort(([a], [b]) => a - b).map(([, layer]) => layer);
}
