import { formatBytes } from "../explain/formatBytes.ts";
import type { Plan, PlanDevice } from "../plan/plan.ts";
import { layerOf } from "../rules/selector.ts";

const spare = ({ budget, weights, mapped, states, inputs, arena }: PlanDevice): number =>
  budget - weights + mapped - states - inputs - arena;

/** Weights of the last layers go to the device with the most room: as few layers as are enough. */
function moveLayers(plan: Plan, device: PlanDevice, over: number): string | undefined {
  const others = plan.devices.filter(({ id }) => id !== device.id);
  const target = others.reduce<PlanDevice | undefined>(
    (best, other) => (best === undefined || spare(other) > spare(best) ? other : best),
    undefined,
  );
  if (target === undefined) return undefined;
  const byLayer = new Map<number, number>();
  for (const { weight, copies } of plan.weights) {
    const layer = layerOf(weight);
    const bytes = copies.reduce(
      (sum, copy) => sum + (copy.device === device.id && !copy.mapped ? copy.bytes : 0),
      0,
    );
    if (layer !== undefined && bytes > 0) byLayer.set(layer, (byLayer.get(layer) ?? 0) + bytes);
  }
  const layers = [...byLayer.entries()].sort(([a], [b]) => b - a);
  let moved = 0;
  for (const [index, [layer, bytes]] of layers.entries()) {
    moved += bytes;
    if (moved < over) continue;
    if (moved > spare(target)) return undefined;
    const last = (layers[0] as readonly [number, number])[0];
    const which = index === 0 ? `layer ${layer}` : `layers ${layer} to ${last}`;
    const pattern = layers
      .slice(0, index + 1)
      .map(([n]) => n)
      .reverse()
      .join("|");
    return `store the weights of ${which} (${formatBytes(moved)}) on ${target.id}: -ot 'blk\\.(${pattern})\\.=${target.id}'`;
  }
  return undefined;
}

/** Weights that a kernel could read in the file's form need no memory of their own. */
function leaveInFile(plan: Plan, device: PlanDevice, over: number): string | undefined {
  if (!device.maps) return undefined;
  const bytes = plan.weights
    .filter(({ source }) => source.kind === "tensor")
    .flatMap(({ copies }) => copies)
    .reduce((sum, copy) => sum + (copy.device === device.id && !copy.mapped ? copy.bytes : 0), 0);
  return bytes < over
    ? undefined
    : `leave up to ${formatBytes(bytes)} of weights in the file (--mmap), which is slower`;
}

/** Caches grow with the rows of the page pool. */
function fewerSlots(plan: Plan, device: PlanDevice, over: number): string | undefined {
  const slots = plan.graph.symbols.slots;
  const bytes = device.states;
  if (slots === undefined || bytes <= over) return undefined;
  const fits = Math.floor((slots * (bytes - over)) / bytes / 64) * 64;
  return fits < 64 ? undefined : `hold ${fits} rows of context instead of ${slots} in the caches (-c)`;
}

function smallerCache(plan: Plan, device: PlanDevice, over: number): string | undefined {
  const half = plan.states
    .filter((state) => state.device === device.id && (state.dtype === "f16" || state.dtype === "bf16"))
    .reduce((sum, { bytes }) => sum + bytes, 0);
  // A block of 32 values takes 34 bytes instead of 64.
  const saved = Math.floor((half * 30) / 64);
  return saved < over ? undefined : `keep the caches in q8_0, which saves ${formatBytes(saved)}`;
}

/** Work areas grow with the tokens of a step. */
function smallerSteps(plan: Plan, device: PlanDevice, over: number): string | undefined {
  const { tokens } = plan.graph.symbols;
  if (tokens === undefined || device.arena <= over) return undefined;
  const fits = Math.floor((tokens * (device.arena - over)) / device.arena);
  return fits < 1 ? undefined : `take at most ${fits} tokens in a step instead of ${tokens} (-ub)`;
}

/** Three changes, each of which makes the device's regions fit. Estimates round towards what surely fits. */
export function changesThatFit(plan: Plan, device: PlanDevice, over: number): readonly string[] {
  const several = plan.devices.length > 1;
  return [
    moveLayers(plan, device, over),
    leaveInFile(plan, device, over),
    fewerSlots(plan, device, over),
    smallerCache(plan, device, over),
    smallerSteps(plan, device, over),
    `let the plan use ${formatBytes(device.budget + over)} of ${device.id}`,
    `use weights of a smaller element type, ${formatBytes(over)} smaller in all`,
    several
      ? `store ${formatBytes(over)} of weights on another device with a store rule or -ot REGEX=DEVICE`
      : `add a device with at least ${formatBytes(over)} of memory and store some layers there`,
  ]
    .filter((change) => change !== undefined)
    .slice(0, 3);
}
