import {
  Engine,
  type PlanModelOptions,
  type PlannedModel,
  planModel,
  type RunTrace,
} from "@tensorplan/runtime";
import type { EngineFlags } from "../args/engineOptions.ts";
import { placementOf } from "../args/placement.ts";
import type { CliContext } from "../cliContext.ts";
import { progressBar } from "../output/progress.ts";
import { writeTo } from "../output/streams.ts";
import { loadBackend } from "./loadBackend.ts";
import { passTrace } from "./passTrace.ts";

/** Sizes that a command needs room for. */
export interface EngineNeeds {
  readonly contextLength?: number | undefined;
  readonly sequences?: number | undefined;
  readonly maxOutputs?: number | undefined;
}

/** Plans the model that the flags name. Its weights aren't read. */
export async function planFlags(
  path: string | undefined,
  flags: EngineFlags,
  needs: EngineNeeds,
  context: CliContext,
): Promise<PlannedModel> {
  const planned = await planModel({ model: path, ...needs, ...(await optionsOf(flags, needs, context)) });
  for (const note of planned.found.notes) await writeTo(context.stderr, `note: ${note}\n`);
  if (flags.tracePasses) await writeTo(context.stderr, passTrace(planned.passes));
  return planned;
}

/** Plans and loads the model that the flags name, under a progress bar; `onPlan` sees the plan before anything is loaded. */
export async function openEngine(
  path: string | undefined,
  flags: EngineFlags,
  needs: EngineNeeds,
  context: CliContext,
  onPlan?: (planned: PlannedModel) => Promise<void>,
  recorder?: RunTrace,
): Promise<Engine> {
  const planned = await planFlags(path, flags, needs, context);
  await onPlan?.(planned);
  context.signal.throwIfAborted();
  const progress = await progressBar(context.stderr, "loading");
  try {
    return await Engine.start(planned, {
      signal: context.signal,
      recorder,
      onProgress: ({ done, total }) => progress.update(done, total),
    });
  } finally {
    progress.stop();
  }
}

/** The flags in the engine's words; what isn't set is left to its defaults. */
async function optionsOf(
  flags: EngineFlags,
  needs: EngineNeeds,
  context: CliContext,
): Promise<PlanModelOptions> {
  return {
    // A step can't be larger than the context: work areas for more would lie idle.
    microBatch: Math.min(flags.ubatchSize, flags.batchSize ?? Infinity, needs.contextLength ?? Infinity),
    cacheDType: flags.cacheType,
    threads: flags.threads,
    cpuDevices: flags.cpuDevices,
    ...(await backendsOf(flags.backend)),
    ...(await placementOf(flags, context)),
  };
}

async function backendsOf(names: string): Promise<Pick<PlanModelOptions, "backend" | "backends">> {
  if (names === "auto" || names === "cpu" || names === "reference") return { backend: names };
  return { backends: await Promise.all(names.split(",").map(loadBackend)) };
}
