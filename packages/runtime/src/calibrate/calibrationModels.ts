import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { StorageDType } from "@tensorplan/ir";
import {
  type CacheDType,
  calibrationPresets,
  type SynthLayout,
  type SynthPreset,
  writeSynth,
} from "@tensorplan/models";
import type { EstimatedStep } from "@tensorplan/scheduler";
import { planModel } from "../engine/planModel.ts";
import { StepTimer } from "./stepTimer.ts";

/** Most rows of a sequence that are measured. */
const CONTEXT = 4096;
const MICRO_BATCH = 512;

/** Forms in which each preset is measured: together the ones that published files mostly have. */
const forms: Readonly<
  Record<
    string,
    { readonly weights: StorageDType; readonly cache: CacheDType; readonly layout?: SynthLayout }
  >
> = {
  "small latent model": { weights: "iq4_nl", cache: "f32", layout: "kv_b" },
  "latent model": { weights: "iq4_nl", cache: "f32" },
  "dense model": { weights: "q8_0", cache: "f16" },
  "expert model": { weights: "iq4_nl", cache: "f16" },
};

/** All tokens want logits: otherwise the last layer, of few the only one of its kind, would compute a single row. */
const step = (tokens: number, context: number): EstimatedStep => ({
  tokens,
  context,
  sequences: 1,
  outputs: tokens,
});

/** Steps of different models in turn, which leave nothing of each other in a cache: the state in which a large model's step finds it. */
export const coldSteps: readonly EstimatedStep[] = [256, 2048].map((context) => step(1, context));

/** Steps that are measured: single tokens over growing context, small batches, and prompts. */
export const calibrationSteps: readonly EstimatedStep[] = [
  ...[64, 256, 1024, 2048, CONTEXT].map((context) => step(1, context)),
  ...[2, 4, 8, 16, 32, 64, 96].map((tokens) => step(tokens, 512)),
  ...[128, 192, 256, 384, MICRO_BATCH].map((tokens) => step(tokens, tokens)),
  step(MICRO_BATCH, 2048),
];

async function openModel(
  preset: SynthPreset,
  threads: number | undefined,
  folder: string,
  signal: AbortSignal | undefined,
): Promise<StepTimer> {
  const { weights = "iq4_nl", cache = "f16", layout } = forms[preset.name] ?? {};
  const path = join(folder, "calibration.gguf");
  try {
    await writeSynth(path, { preset, type: weights, layout, ...(signal === undefined ? {} : { signal }) });
    const planned = await planModel({
      model: path,
      threads,
      backend: "cpu",
      contextLength: CONTEXT,
      microBatch: MICRO_BATCH,
      maxOutputs: MICRO_BATCH,
      cacheDType: cache,
    });
    return await StepTimer.open(planned, signal);
  } finally {
    await rm(path, { force: true });
  }
}

/** Writes each model to a temporary file, loads it, and removes the file. About 1.1 GB of memory, half of that for a moment on disk. */
export async function openCalibrationModels(
  threads: number | undefined,
  signal?: AbortSignal,
  presets: readonly SynthPreset[] = calibrationPresets,
): Promise<readonly StepTimer[]> {
  const folder = await mkdtemp(join(tmpdir(), "tensorplan-calibrate-"));
  const timers: StepTimer[] = [];
  try {
    for (const preset of presets) timers.push(await openModel(preset, threads, folder, signal));
    return timers;
  } catch (error) {
    for (const timer of timers) timer.dispose();
    throw error;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
