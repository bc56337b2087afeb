import type { DeviceProfile } from "@tensorplan/backend-api";
import { type Graph, TensorplanError } from "@tensorplan/ir";
import type { Rule } from "./rule.ts";
import { layerOf } from "./selector.ts";

/** Placement flags of the command line, as typed. */
export interface PlacementFlags {
  /** `-ngl N`: the last N layers live on the accelerator; more than there are: the output head too. */
  readonly gpuLayers?: number;
  /** `-ot REGEX=DEVICE`, in the order given; each may hold several, separated by commas. */
  readonly overrideTensors?: readonly string[];
}

/** What each flag's help says about the rules that it makes. */
export const placementFlagHelp: Readonly<Record<keyof PlacementFlags, string>> = {
  gpuLayers:
    "store rules: weights and caches of the last N layers live on the accelerator (N above the number of layers: the output head too)",
  overrideTensors:
    "REGEX=DEVICE: a store rule: weights whose names match live on DEVICE; nodes go there because they compute where their weights live",
};

/** Layers of a graph: one more than the highest number in its weights' names. */
export const layerCount = (graph: Graph): number =>
  graph.weights.reduce((count, { id }) => Math.max(count, (layerOf(id) ?? -1) + 1), 0);

/** The device of a name as ggml's programs spell it (`CPU`, `CUDA0`) or as ours do. @throws TensorplanError `flags/unknown-device` */
function findDevice(name: string, devices: readonly DeviceProfile[], flag: string): DeviceProfile {
  const ours = name.toLowerCase().replace(/^(cuda)(\d+)$/, "$1:$2");
  const device = devices.find(({ id }) => id === name) ?? devices.find(({ id }) => id === ours);
  if (device === undefined) {
    throw new TensorplanError({
      code: "flags/unknown-device",
      message: `${flag}: there is no device '${name}'`,
      hint: `the devices are: ${devices.map(({ id }) => id).join(", ")}`,
    });
  }
  return device;
}

/** Where `-ngl` moves layers: the first device whose memory isn't the host's, or else the second one. */
function accelerator(devices: readonly DeviceProfile[]): DeviceProfile {
  const found = devices.find(({ hostMemory }) => !hostMemory) ?? devices[1];
  if (found === undefined) {
    throw new TensorplanError({
      code: "flags/no-accelerator",
      message: "-ngl moves layers to an accelerator, and there is only one device",
      hint: "leave the flag out, or open a second device (--cpu-devices 2 for a trial)",
    });
  }
  return found;
}

function gpuLayerRules(n: number, graph: Graph, devices: readonly DeviceProfile[]): readonly Rule[] {
  if (!Number.isSafeInteger(n) || n < 0) {
    throw new TensorplanError({
      code: "flags/gpu-layers",
      message: `-ngl ${n}: the number of layers must be a whole number from 0 on`,
      hint: `this model has ${layerCount(graph)} layers`,
    });
  }
  const { id } = accelerator(devices);
  const host = devices.find((device) => device.id !== id);
  const origin = { kind: "flag", text: `-ngl ${n}` } as const;
  const layers = layerCount(graph);
  const first = Math.max(0, layers - n);
  // Without layers on the accelerator, all that the flag says is that nothing lives there.
  const rules: Rule[] = [];
  if (n > 0 && layers > 0) {
    rules.push({
      name: `-ngl ${n}: layers`,
      origin,
      when: { layer: { atLeast: first } },
      do: { store: id },
      else: "error",
      why: `the last ${Math.min(n, layers)} of ${layers} layers`,
    });
  }
  if (n > layers) {
    rules.push({
      name: `-ngl ${n}: output`,
      origin,
      when: { kind: "weight", weight: { regex: "^output" } },
      do: { store: id },
      else: "error",
      why: `the output head counts as layer ${layers + 1}`,
      optional: true,
    });
  }
  if (host !== undefined) {
    rules.push({
      name: `-ngl ${n}: the rest`,
      origin,
      when: {},
      do: { store: host.id },
      else: "error",
      why: "what isn't in one of those layers stays with the host",
      optional: true,
    });
  }
  return rules;
}

function overrideRule(part: string, devices: readonly DeviceProfile[], index: number): Rule {
  const at = part.lastIndexOf("=");
  const flag = `-ot ${part}`;
  if (at <= 0 || at === part.length - 1) {
    throw new TensorplanError({
      code: "flags/override-tensor",
      message: `${flag}: expected REGEX=DEVICE`,
      hint: "for example -ot 'ffn_.*_exps=cpu'",
    });
  }
  return {
    name: index === 0 ? flag : `${flag} (${index + 1})`,
    origin: { kind: "flag", text: flag },
    when: { kind: "weight", weight: { regex: part.slice(0, at) } },
    do: { store: findDevice(part.slice(at + 1), devices, flag).id },
    else: "error",
  };
}

/**
 * The rules that placement flags stand for, overrides first as in ggml. Only what a flag says is decided: the defaults follow behind.
 *
 * @param devices in the user's order
 */
export function rulesFromFlags(
  flags: PlacementFlags,
  context: { readonly graph: Graph; readonly devices: readonly DeviceProfile[] },
): readonly Rule[] {
  const { graph, devices } = context;
  return [
    ...(flags.overrideTensors ?? [])
      // Only a comma behind a device ends an override: `{1,3}` may stand in the expression.
      .flatMap((text) => text.split(/(?<==[\w:]+),/))
      .map((part, index) => overrideRule(part, devices, index)),
    ...(flags.gpuLayers === undefined ? [] : gpuLayerRules(flags.gpuLayers, graph, devices)),
  ];
}
