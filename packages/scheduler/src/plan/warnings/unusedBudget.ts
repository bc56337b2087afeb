import { maskLayers, printLayers } from "../../explain/layerNames.ts";
import { formatBytes } from "../../explain/quantities.ts";
import { totalBytes } from "../../memory/budget.ts";
import { layerOf } from "../../rules/selector.ts";
import type { Plan, PlanDevice, PlanWarning } from "../plan.ts";

/** A device must read this many times faster than the one that holds weights before it is said that they would do better there. */
const FASTER = 1.5;

interface Movable {
  readonly layer: number;
  readonly names: readonly string[];
  readonly bytes: number;
}

/** What one device holds of each layer. */
function layersOn(plan: Plan, device: string): readonly Movable[] {
  const layers = new Map<number, { readonly names: string[]; bytes: number }>();
  for (const { weight, copies } of plan.weights) {
    const layer = layerOf(weight);
    const bytes = copies.reduce((sum, copy) => sum + (copy.device === device ? copy.bytes : 0), 0);
    if (layer === undefined || bytes === 0) continue;
    const entry = layers.get(layer) ?? { names: [], bytes: 0 };
    entry.names.push(weight);
    entry.bytes += bytes;
    layers.set(layer, entry);
  }
  return [...layers].map(([layer, entry]) => ({ layer, ...entry })).sort((a, b) => b.layer - a.layer);
}

/** As many of the last layers as fit into `room`. */
function fitting(layers: readonly Movable[], room: number): readonly Movable[] {
  let left = room;
  const taken: Movable[] = [];
  for (const layer of layers) {
    if (layer.bytes > left) break;
    left -= layer.bytes;
    taken.push(layer);
  }
  return taken;
}

const escaped = (text: string): string => text.replace(/[.\\]/g, "\\$&");

function flag(taken: readonly Movable[], device: string): string {
  const kinds = [...new Set(taken.flatMap(({ names }) => names.map(maskLayers)))];
  const layers = taken.map(({ layer }) => layer).sort((a, b) => a - b);
  const every = kinds.every((kind) => kind.startsWith("blk.*."));
  const tails = kinds.map((kind) => escaped(kind.replace("blk.*.", "")));
  return `-ot 'blk\\.(${layers.join("|")})\\.${every && tails.length <= 4 ? `(${tails.join("|")})` : ""}=${device}'`;
}

/**
 * A device that has most of its budget left while a slower one holds weights of whole layers that would fit there. Devices that are
 * equally fast, and those that hold nothing at all, aren't told of.
 */
export function unusedBudget(plan: Plan): readonly PlanWarning[] {
  const speed = new Map<string, number>(
    plan.capabilities.devices.map(({ id, bandwidth }) => [id, bandwidth]),
  );
  const faster = (a: PlanDevice, b: PlanDevice) => (speed.get(a.id) ?? 0) >= FASTER * (speed.get(b.id) ?? 0);
  return plan.devices.flatMap((device): readonly PlanWarning[] => {
    const used = totalBytes(device);
    if (used === 0 || device.weights + device.states === 0 || 2 * used > device.budget) return [];
    // Work areas grow with what comes along, so a tenth stays free.
    const room = device.budget * 0.9 - used;
    const slower = plan.devices.filter(
      (other) => other !== device && other.weights > 0 && faster(device, other),
    );
    const [best] = slower
      .map((other) => ({ other, taken: fitting(layersOn(plan, other.id), room) }))
      .filter(({ taken }) => taken.length > 0);
    if (best === undefined) return [];
    const { other, taken } = best;
    const bytes = taken.reduce((sum, each) => sum + each.bytes, 0);
    const names = taken.flatMap((each) => each.names);
    return [
      {
        code: "budget-unused",
        message: `${device.id} uses ${formatBytes(used)} of ${formatBytes(device.budget)}, while ${other.id}, which reads slower, holds weights of ${printLayers(names)} (${formatBytes(bytes)}) that would fit there`,
        hint: `put ${flag(taken, device.id)} in front of the other overrides`,
      },
    ];
  });
}
