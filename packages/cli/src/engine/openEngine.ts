import { Engine, type PlannedModel, type RunTrace } from "@tensorplan/runtime";
import type { EngineFlags } from "../args/engineOptions.ts";
import type { CliContext } from "../cliContext.ts";
import { progressBar } from "../output/progress.ts";
import { type EngineNeeds, planFlags } from "./planInputs.ts";

/** Plans and loads the model that the flags name, under a progress bar; `onPlan` sees the plan before anything is loaded. */
export async function openEngine(
  path: string | undefined,
  flags: EngineFlags,
  needs: EngineNeeds,
  context: CliContext,
  onPlan?: (planned: PlannedModel) => Promise<void>,
  recorder?: RunTrace,
): Promise<Engine> {
  const planned = await planFlags(
    { ...flags, ...(path === undefined ? {} : { model: path }) },
    context,
    needs,
  );
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
