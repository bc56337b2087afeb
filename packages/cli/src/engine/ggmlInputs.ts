import {
  type Emulation,
  emulateLlama,
  type FileTensor,
  formatGgmlDump,
  type LlamaFlags,
  type LlamaMachine,
  type LlamaModel,
  llamaMachine,
  llamaModel,
  llamaPreset,
} from "@tensorplan/ggml-policy";
import { TensorplanError } from "@tensorplan/ir";
import { embeddedModelPath, type GgufTensor, openGguf } from "@tensorplan/models";
import { readDevices } from "@tensorplan/runtime";
import { printPhaseSwitch } from "@tensorplan/scheduler";
import { ggmlOnly } from "../args/llamaOptions.ts";
import type { PlanFlags } from "../args/planOptions.ts";
import { namedPreset } from "./planInputs.ts";

interface Emulated {
  readonly emulation: Emulation;
  readonly machine: LlamaMachine;
}

/** What llama.cpp would do with these flags. @throws TensorplanError `ggml/…`, `cli/…`, `devices/…`, `gguf/…` */
export async function emulateFlags(flags: PlanFlags): Promise<Emulated> {
  const machine = llamaMachine(await readDevices(flags.devices ?? "cpu"));
  refuseRuleFlags(flags);
  return { emulation: emulateLlama(await modelOf(flags), llamaFlags(flags), machine.gpuName), machine };
}

/** The listing of `--ggml-dump`. @throws TensorplanError `cli/policy-flag` without `--policy ggml` */
export async function ggmlDump(
  flags: PlanFlags & { readonly phase?: string; readonly json?: true },
): Promise<string> {
  const wrong =
    flags.policy !== "ggml"
      ? "is about --policy ggml"
      : (flags.phase ?? flags.json)
        ? "has a form of its own"
        : "";
  if (wrong === "") return formatGgmlDump((await emulateFlags(flags)).emulation);
  throw new TensorplanError({
    code: "cli/policy-flag",
    message: `--ggml-dump ${wrong}`,
    hint: "write plan --policy ggml … --ggml-dump, without --phase or --json",
  });
}

/** Flags that rules understand and that llama.cpp hasn't, or that decide nothing beside one GPU. */
const rulesOnly = {
  rules: "--rules",
  tensorSplit: "-ts",
  mainGpu: "-mg",
  backend: "--backend",
  cpuDevices: "--cpu-devices",
  parallel: "-np",
  mla: "-mla",
  fusedMoe: "-fmoe",
  expertGroups: "--no-expert-groups",
} as const;

/** What commander sets where nothing is given. */
const unasked: Readonly<Record<string, string | boolean>> = { backend: "auto", expertGroups: true };

function refuseRuleFlags(flags: PlanFlags): void {
  for (const [name, typed] of Object.entries(rulesOnly)) {
    const value = flags[name as keyof typeof rulesOnly];
    if (value === undefined || value === unasked[name]) continue;
    throw new TensorplanError({
      code: "cli/policy-flag",
      message: `${typed} has no effect on what --policy ggml emulates`,
      hint: "leave it out, or plan with --policy rules",
    });
  }
}

/** @throws TensorplanError `cli/policy-flag` for a question that only plans made by rules can answer */
export function onlyRules({ policy }: PlanFlags, typed: string): void {
  if (policy !== "ggml") return;
  throw new TensorplanError({
    code: "cli/policy-flag",
    message: `${typed} asks what rules would do, and --policy ggml has none of its own`,
    hint: `ask with --policy rules, or leave ${typed} out`,
  });
}

/** @throws TensorplanError `cli/policy-flag` for a flag that says something to `--policy ggml` alone */
export function refuseGgmlFlags(flags: PlanFlags): void {
  for (const [name, typed] of Object.entries(ggmlOnly)) {
    if (flags[name as keyof typeof ggmlOnly] === undefined) continue;
    throw new TensorplanError({
      code: "cli/policy-flag",
      message: `${typed} has no effect on a plan that is made by rules`,
      hint: "leave it out, or add --policy ggml",
    });
  }
}

/** @throws TensorplanError `cli/policy-flag` where kinds of steps differ */
function ggmlFlash(flash: PlanFlags["flashAttn"]): LlamaFlags["flashAttention"] {
  if (flash === undefined || flash === "auto") return flash;
  if (flash.prefill === flash.decode) return flash.prefill === true ? "on" : "off";
  throw new TensorplanError({
    code: "cli/policy-flag",
    message: `-fa ${printPhaseSwitch(flash)} differs between prompts and generation, which llama.cpp can't do`,
    hint: "say on or off, or plan with --policy rules",
  });
}

/** More layers than any model has. */
const ALL_LAYERS = 10_000;

const llamaFlags = (flags: PlanFlags): LlamaFlags => ({
  gpuLayers: flags.gpuLayers,
  overrideTensors: flags.overrideTensor,
  cpuExpertLayers: flags.cpuMoe ? ALL_LAYERS : flags.nCpuMoe,
  flashAttention: ggmlFlash(flags.flashAttn),
  keepCacheOnCpu: flags.kvOffload === false,
  noOpOffload: flags.opOffload === false,
  keyType: flags.cacheType,
  valueType: flags.cacheTypeV,
  prompt: flags.nPrompt,
  generate: flags.nGen,
  depth: flags.nDepth,
  batch: flags.batchSize,
  microBatch: flags.ubatchSize,
  contextSize: flags.ctxSize,
});

async function modelOf(flags: PlanFlags): Promise<LlamaModel> {
  const wanted = namedPreset(flags);
  if (wanted !== undefined) return llamaPreset(wanted.preset, wanted.type, wanted.layers);
  const path = flags.model ?? embeddedModelPath();
  const file = await openGguf(path);
  return llamaModel(path, file.metadata, [...file.tensors.values()].map(fileTensor));
}

function fileTensor({ name, shape, type, ggmlTypeId }: GgufTensor): FileTensor {
  if (type !== undefined) return { name, shape, type };
  throw new TensorplanError({
    code: "ggml/unknown-type",
    message: `the type of '${name}' has the number ${ggmlTypeId}, which isn't known`,
    hint: "use a file of this model in another type",
  });
}
