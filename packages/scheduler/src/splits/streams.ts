import { type KernelRow, ROWS_LAYOUT } from "@tensorplan/backend-api";
import type { NodeInfo, Value } from "../graph/graphView.ts";
import type { WeightAccess } from "../residence/access.ts";
import type { Homes } from "../residence/homes.ts";
import type { Facts } from "../rules/selector.ts";

/** A weight that a node gets by a copy in each step. */
export interface StreamedWeight {
  readonly weight: Value;
  /** As the kernel reads it, and as it lies at home. */
  readonly layout: string;
  /** The stream rule. */
  readonly rule: string;
}

/** Weights of a node that are copied to its device in each step, each once for each layout. */
export function streamedWeights(
  { operands }: NodeInfo,
  facts: Facts,
  device: number,
  kernel: KernelRow | undefined,
  access: WeightAccess,
): readonly StreamedWeight[] {
  const found: StreamedWeight[] = [];
  for (const { name, value } of operands) {
    const weight = value.root;
    if (weight.kind !== "weight") continue;
    const how = access.of(facts, weight, device);
    if (how?.kind !== "stream") continue;
    const layout = kernel?.operands[name]?.layout ?? ROWS_LAYOUT;
    if (found.some((each) => each.weight === weight && each.layout === layout)) continue;
    found.push({ weight, layout, rule: how.rule });
  }
  return found;
}

/** A weight on its way to a device, once in a step for all that read it there. */
export interface Stream extends StreamedWeight {
  readonly key: string;
  readonly from: number;
  readonly to: number;
  /** Nodes on the device `to` that read it, ascending. */
  readonly consumers: readonly number[];
}

/** Name of the buffer that a streamed weight gets in the arena of the device that reads it. */
export const streamBuffer = (weight: string, layout: string): string => `${weight} as ${layout}`;

/** Equal for the nodes that share one copy. */
export const streamKey = ({ weight, layout }: StreamedWeight, device: number): string =>
  `${streamBuffer(weight.id, layout)} on ${device}`;

/** Every copy of a weight that a step needs, by the first node that reads it. */
export function findStreams(
  byNode: readonly (readonly StreamedWeight[])[],
  devices: readonly number[],
  homes: Pick<Homes, "of">,
): readonly Stream[] {
  const streams = new Map<string, Stream & { readonly consumers: number[] }>();
  byNode.forEach((weights, node) => {
    const to = devices[node] as number;
    for (const each of weights) {
      const key = streamKey(each, to);
      const known = streams.get(key);
      if (known !== undefined) known.consumers.push(node);
      else streams.set(key, { ...each, key, from: homes.of(each.weight.id).device, to, consumers: [node] });
    }
  });
  return [...streams.values()];
}
