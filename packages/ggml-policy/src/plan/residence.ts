import { type DType, isDType } from "@tensorplan/ir";
import type { StateResidence, WeightResidence } from "@tensorplan/scheduler";
import { type GgmlTensor, rootOf, tensorBytes } from "../graph/tensor.ts";
import type { StoredWeight } from "../llama/placeWeights.ts";
import { storedBytes } from "../llama/storedBytes.ts";
import { CACHE_RULE } from "./ggmlRules.ts";

/** ggml aligns tensors in a buffer to so many bytes. */
const ALIGNMENT = 128;

const align = (n: number): number => Math.ceil(n / ALIGNMENT) * ALIGNMENT;

export const asDType = (name: string): DType => (isDType(name) ? name : "i32");

/** Offsets in each device's region, handed out in order. */
export class Regions {
  readonly #ends = new Map<string, number>();

  take(device: string, bytes: number): number {
    const offset = this.#ends.get(device) ?? 0;
    this.#ends.set(device, offset + align(bytes));
    return offset;
  }

  bytes(device: string): number {
    return this.#ends.get(device) ?? 0;
  }
}

export const weightResidences = (
  stored: readonly StoredWeight[],
  deviceOf: (buffer: string) => string,
  regions: Regions,
): readonly WeightResidence[] =>
  stored.map((weight): WeightResidence => {
    const { tensor, buffer, because } = weight;
    const device = deviceOf(buffer);
    const bytes = storedBytes(weight);
    return {
      weight: tensor.name,
      dtype: asDType(tensor.type.name),
      shape: tensor.shape,
      source: { kind: "tensor", tensor: tensor.name },
      decision: { rule: because, tried: [] },
      copies: [
        { device, layout: "rows", offset: regions.take(device, bytes), bytes, because: { kind: "home" } },
      ],
    };
  });

/** Our name of a cache: `cache_k_l3` is `cache.3.kv`. */
export const stateName = (name: string): string => name.replace(/^cache_k_l(\d+)$/, "cache.$1.kv");

/** Caches that the nodes of a graph write. */
export function stateResidences(
  nodes: readonly GgmlTensor[],
  deviceOf: (buffer: string) => string,
  regions: Regions,
): readonly StateResidence[] {
  const caches = new Set(nodes.map(rootOf).filter(({ buffer }) => buffer?.use === "cache"));
  return [...caches].map((cache): StateResidence => {
    const device = deviceOf(cache.buffer?.type ?? "CPU");
    const bytes = tensorBytes(cache);
    return {
      state: stateName(cache.name),
      dtype: asDType(cache.type.name),
      shape: [String(cache.ne[1]), String(cache.ne[0])],
      layout: "rows",
      device,
      offset: regions.take(device, bytes),
      bytes,
      decision: { rule: CACHE_RULE, tried: [] },
    };
  });
}
