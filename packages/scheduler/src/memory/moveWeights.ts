import type { Rule } from "../rules/rule.ts";
import { layerOf } from "../rules/selector.ts";
import { bytesOf, type Candidate, type Misfit } from "./fittingChange.ts";

const expert = /_exps\./;

interface LayerBytes {
  readonly layer: number;
  readonly bytes: number;
}

/** Bytes on a device by layer, last layer first. */
function byLayer(
  { made }: Misfit,
  device: string,
  wanted: (weight: string) => boolean,
): readonly LayerBytes[] {
  const sums = new Map<number, number>();
  for (const { weight, copies } of made.weights) {
    const layer = layerOf(weight);
    if (layer === undefined || !wanted(weight)) continue;
    const bytes = copies.reduce(
      (sum, copy) => sum + (copy.device === device && copy.mapped !== true ? copy.bytes : 0),
      0,
    );
    if (bytes > 0) sums.set(layer, (sums.get(layer) ?? 0) + bytes);
  }
  return [...sums].map(([layer, bytes]) => ({ layer, bytes })).sort((a, b) => b.layer - a.layer);
}

/** As few of the last layers as hold so many bytes; undefined where all together don't. */
function enough(layers: readonly LayerBytes[], bytes: number): readonly number[] | undefined {
  const taken: number[] = [];
  let sum = 0;
  for (const { layer, bytes: more } of layers) {
    if (sum >= bytes) break;
    taken.push(layer);
    sum += more;
  }
  return sum >= bytes ? taken : undefined;
}

/** The device with the most room that isn't too small itself. */
function roomiest({ made, overflows }: Misfit): string | undefined {
  const spare = made.devices
    .filter(({ id }) => overflows.every(({ device }) => device !== id))
    .map(({ id, budget }) => ({ id, spare: budget - bytesOf(made, id) }));
  return spare.reduce<(typeof spare)[number] | undefined>(
    (best, each) => (best === undefined || each.spare > best.spare ? each : best),
    undefined,
  )?.id;
}

const inFront =
  (rule: Rule): Candidate["apply"] =>
  (input) => ({ ...input, rules: [rule, ...(input.rules ?? [])] });

/** Leaves weights in the file where the devices that are too small can use them there. */
export function leaveInFile({ made, overflows }: Misfit): Candidate | undefined {
  const maps = ({ device }: Misfit["overflows"][number]) =>
    made.devices.some(({ id, maps: can }) => id === device && can);
  if (!overflows.every(maps)) return undefined;
  return {
    what: "use weights where they lie in the file: --mmap",
    loses: "the forms that kernels read fastest",
    apply: inFront({
      name: "--mmap",
      origin: { kind: "flag", text: "--mmap" },
      when: { kind: "weight" },
      do: { map: "file" },
      else: "next",
    }),
  };
}

/**
 * Stores weights of the last layers elsewhere.
 *
 * @param experts  only those of experts, which a step reads few of
 * @param extra  bytes to move beyond what is over: work areas may grow where others shrink
 */
export function moveWeights(misfit: Misfit, experts: boolean, extra: number): Candidate | undefined {
  const target = roomiest(misfit);
  if (target === undefined) return undefined;
  const wanted = (weight: string) => !experts || expert.test(weight);
  const layers: number[] = [];
  for (const { device, over } of misfit.overflows) {
    const taken = enough(byLayer(misfit, device, wanted), over + extra);
    if (taken === undefined) return undefined;
    layers.push(...taken);
  }
  const listed = [...new Set(layers)].sort((a, b) => a - b);
  const regex = `blk\\.(${listed.join("|")})\\.${experts ? "ffn_.*_exps" : ""}`;
  const flag = `-ot '${regex}=${target}'`;
  const what = experts ? "the experts" : "the weights";
  const which = listed.length === 1 ? `layer ${listed[0]}` : `${listed.length} layers`;
  return {
    what: `store ${what} of ${which} on ${target}, by a rule in front of yours: ${flag}`,
    apply: inFront({
      name: flag,
      origin: { kind: "flag", text: flag },
      when: { kind: "weight", weight: { regex } },
      do: { store: target },
      else: "error",
    }),
  };
}
