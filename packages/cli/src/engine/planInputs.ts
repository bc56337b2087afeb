import { TensorplanError } from "@tensorplan/ir";
import { type SynthOptions, synthPreset, synthSettings, synthTensorTable } from "@tensorplan/models";
import {
  type ModelConfiguration,
  type PlanModelOptions,
  type PlannedModel,
  planModel,
  readDevices,
} from "@tensorplan/runtime";
import type { LoweringFlags } from "@tensorplan/scheduler";
import { loweringFlags } from "../args/attentionOptions.ts";
import { type EngineFlags, isCacheType } from "../args/engineOptions.ts";
import { placementOf } from "../args/placement.ts";
import type { PlanFlags } from "../args/planOptions.ts";
import type { CliContext } from "../cliContext.ts";
import { writeTo } from "../output/streams.ts";
import { loadBackend } from "./loadBackend.ts";
import { passTrace } from "./passTrace.ts";

/** Sizes that a command needs room for; what isn't given is left to the flags and to the defaults. */
export interface EngineNeeds {
  readonly contextLength?: number | undefined;
  readonly sequences?: number | undefined;
  readonly maxOutputs?: number | undefined;
}

/**
 * All that a plan depends on, out of the flags of any command that plans: model or configuration, sizes, devices, rules.
 *
 * @throws TensorplanError `cli/model-twice`, `cli/arch-without-type`, `cli/needs-arch`, `cli/devices-twice`, `cli/backend`,
 * `devices/…`, `rules/…`
 */
export async function planInputs(
  flags: PlanFlags,
  context: CliContext,
  needs: EngineNeeds = { contextLength: flags.ctxSize },
): Promise<PlanModelOptions> {
  return {
    ...needs,
    model: configurationOf(flags) ?? flags.model,
    // A step can't be larger than the context: work areas for more would lie idle.
    microBatch: Math.min(flags.ubatchSize, flags.batchSize ?? Infinity, needs.contextLength ?? Infinity),
    sequences: needs.sequences ?? flags.parallel,
    convertWeights: flags.weightsAs,
    cacheDType: cacheTypeOf(flags),
    lowering: loweringOf(flags),
    expertGroups: flags.expertGroups,
    threads: flags.threads,
    cpuDevices: flags.cpuDevices,
    ...(await backendsOf(flags.backend)),
    ...(await profilesOf(flags)),
    ...(await placementOf(flags, context)),
  };
}

/** @throws TensorplanError `cli/cache-type` for what only llama.cpp can store */
function cacheTypeOf({ cacheType }: PlanFlags) {
  if (cacheType === undefined || isCacheType(cacheType)) return cacheType;
  throw new TensorplanError({
    code: "cli/cache-type",
    message: `caches can't be stored as ${cacheType}`,
    hint: "choose f32, f16, bf16 or q8_0; --policy ggml knows the others",
  });
}

/** @throws TensorplanError `cli/policy-flag` for `-fa auto` */
function loweringOf(flags: PlanFlags): LoweringFlags {
  if (flags.flashAttn !== "auto") return loweringFlags(flags);
  throw new TensorplanError({
    code: "cli/policy-flag",
    message:
      "-fa auto has no effect on a plan that is made by rules: attention is one kernel wherever there is one",
    hint: "leave it out, or say -fa 1 to get an error where there is none",
  });
}

/** Plans what the flags name; no weight is read. Notes and traces go to stderr. */
export async function planFlags(
  flags: PlanFlags,
  context: CliContext,
  needs?: EngineNeeds,
): Promise<PlannedModel> {
  const planned = await planModel(await planInputs(flags, context, needs));
  for (const note of planned.found?.notes ?? []) await writeTo(context.stderr, `note: ${note}\n`);
  if (flags.tracePasses) await writeTo(context.stderr, passTrace(planned.passes));
  return planned;
}

/** The configuration that `--arch` names, if it is given. */
function configurationOf(flags: PlanFlags): ModelConfiguration | undefined {
  const options = namedPreset(flags);
  return options && { metadata: synthSettings(options), tensors: synthTensorTable(options) };
}

/**
 * The published model and type that `--arch` and `--type` name; undefined where a file is meant.
 *
 * @throws TensorplanError `cli/model-twice`, `cli/arch-without-type`, `cli/needs-arch`
 */
export function namedPreset({ arch, type, layers, model }: PlanFlags): SynthOptions | undefined {
  if (arch === undefined) {
    const stray = type === undefined ? (layers === undefined ? undefined : "--layers") : "--type";
    if (stray === undefined) return undefined;
    throw new TensorplanError({
      code: "cli/needs-arch",
      message: `${stray} describes a configuration, and no --arch names one`,
      hint: "add --arch NAME, or leave it out: a file says for itself what it holds",
    });
  }
  if (model !== undefined) {
    throw new TensorplanError({
      code: "cli/model-twice",
      message: `both a file (-m ${model}) and a configuration (--arch ${arch}) are given`,
      hint: "give one of them",
    });
  }
  if (type === undefined) {
    throw new TensorplanError({
      code: "cli/arch-without-type",
      message: `--arch ${arch} doesn't say what its weights are stored in`,
      hint: "add --type TYPE, such as --type iq4_nl or --type q8_0",
    });
  }
  return { preset: synthPreset(arch), type, layers };
}

/** Devices and links of the profile that `--devices` names; nothing where devices that are here are wanted. */
async function profilesOf({
  devices,
  cpuDevices,
  threads,
}: PlanFlags): Promise<Pick<PlanModelOptions, "devices" | "links">> {
  if (devices === undefined) return {};
  const stray =
    cpuDevices === undefined ? (threads === undefined ? undefined : "--threads") : "--cpu-devices";
  if (stray !== undefined) {
    throw new TensorplanError({
      code: "cli/devices-twice",
      message: `${stray} is about devices that are here, and --devices ${devices} says what there is`,
      hint: "leave one of them out",
    });
  }
  const { devices: profiles, links } = await readDevices(devices);
  return { devices: profiles, links };
}

async function backendsOf(
  names: EngineFlags["backend"],
): Promise<Pick<PlanModelOptions, "backend" | "backends">> {
  if (names === "auto" || names === "cpu" || names === "reference") return { backend: names };
  return { backends: await Promise.all(names.split(",").map(loadBackend)) };
}
