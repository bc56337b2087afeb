import { TensorplanError } from "@tensorplan/ir";
import { deepseek2Graph } from "./llama/deepseek2Graph.ts";
import type { StepSettings } from "./llama/graphWriter.ts";
import type { LlamaModel } from "./llama/modelFile.ts";
import { ggmlWeights, layerDevices, placeWeights, type StoredWeight } from "./llama/placeWeights.ts";
import { cacheType, contextSizes, type LlamaFlags, padded } from "./llama/settings.ts";
import { cpuBackend, cudaBackend } from "./sched/backend.ts";
import { type GgmlSchedule, scheduleGgml } from "./sched/schedule.ts";

/** The graphs that the program plans before and at its first step: one token; the largest step, for memory's sake; the first real one. */
type GgmlPhase = "decode" | "prefill-reserve" | "prefill";

export interface EmulatedGraph {
  readonly phase: GgmlPhase;
  readonly step: StepSettings;
  readonly schedule: GgmlSchedule;
}

/** A step that stands for all of so many tokens: from `from` to before `below`. */
interface EmulatedSteps {
  readonly from: number;
  readonly below: number | null;
  readonly graph: EmulatedGraph;
}

export interface Emulation {
  readonly model: LlamaModel;
  readonly flags: LlamaFlags;
  /** `CUDA0`, or undefined on a machine without a GPU. */
  readonly gpu: string | undefined;
  readonly weights: readonly StoredWeight[];
  readonly flashAttention: boolean;
  readonly graphs: readonly EmulatedGraph[];
  /** What a plan is made of: a step of one token, of too few to copy weights for, and of more. */
  readonly steps: readonly EmulatedSteps[];
}

/** Steps of fewer tokens than this have the norms of a layer tied to its device. */
const SMALL_STEP = 32;

type StepSizes = Pick<StepSettings, "tokens" | "outputs" | "context">;

/**
 * What llama.cpp v0.5.0 would do with a model and flags on a CPU, or on a CPU with one NVIDIA GPU.
 *
 * @throws TensorplanError `ggml/flag`, `ggml/stored-where-it-cannot-run`, `ggml/cache-types`, `ggml/quantised-values`, `model/tensor-missing`
 */
export function emulateLlama(model: LlamaModel, flags: LlamaFlags, gpu: string | undefined): Emulation {
  const { layers } = model.config;
  const sizes = contextSizes(flags);
  const keyType = cacheType("-ctk", flags.keyType);
  const valueType = cacheType("-ctv", flags.valueType);
  if (keyType.name !== valueType.name) throw mixedCache(keyType.name, valueType.name);
  const stored = placeWeights(model, flags, gpu);
  const weights = ggmlWeights(stored);
  const devices = layerDevices(flags, layers, gpu);
  const backends = [...(gpu === undefined ? [] : [cudaBackend(gpu)]), cpuBackend(gpu !== undefined)];
  const emulateStep = (phase: GgmlPhase, step: StepSizes, flashAttention: boolean): EmulatedGraph => {
    const settings: StepSettings = {
      ...step,
      cacheRows: sizes.cacheRows,
      flashAttention,
      keyType,
      valueType,
      offloadCache: flags.keepCacheOnCpu !== true,
      layerDevice: devices.of,
      tieNorms: devices.whole || step.tokens < SMALL_STEP,
    };
    const graph = deepseek2Graph(model.config, weights, settings);
    return { phase, step: settings, schedule: scheduleGgml(graph, backends, flags.noOpOffload !== true) };
  };
  const one: StepSizes = { tokens: 1, outputs: 1, context: sizes.cacheRows };
  const { flashAttention: wanted = "auto" } = flags;
  const flash = wanted === "auto" ? flashFits(emulateStep("decode", one, true), devices.of) : wanted === "on";
  if (!flash && valueType.blockSize > 1) throw quantisedValues(valueType.name);
  const largest: StepSizes = {
    tokens: sizes.microBatch,
    outputs: sizes.microBatch,
    context: sizes.cacheRows,
  };
  const first: StepSizes = {
    tokens: sizes.firstStep,
    outputs: sizes.firstOutputs,
    context: Math.min(sizes.cacheRows, padded(sizes.firstStep)),
  };
  const decode = emulateStep("decode", one, flash);
  const prompt = (tokens: number) =>
    emulateStep("prefill", { tokens, outputs: 1, context: Math.min(sizes.cacheRows, padded(tokens)) }, flash);
  const small = Math.min(SMALL_STEP - 1, sizes.microBatch);
  const large = sizes.microBatch >= SMALL_STEP;
  return {
    model,
    flags,
    gpu,
    weights: stored,
    flashAttention: flash,
    graphs: [decode, emulateStep("prefill-reserve", largest, flash), emulateStep("prefill", first, flash)],
    steps: [
      { from: 1, below: sizes.microBatch > 1 ? 2 : null, graph: decode },
      ...(small > 1 ? [{ from: 2, below: large ? SMALL_STEP : null, graph: prompt(small) }] : []),
      ...(large ? [{ from: SMALL_STEP, below: null, graph: prompt(sizes.microBatch) }] : []),
    ],
  };
}

/** `-fa auto`: used when the scheduler leaves attention of every layer on that layer's device. */
function flashFits({ schedule }: EmulatedGraph, deviceOf: (layer: number) => string): boolean {
  const { graph, devices } = schedule;
  return graph.nodes
    .filter(({ op }) => op === "FLASH_ATTN_EXT")
    .every((node, layer) => devices.backend(devices.get(node) ?? devices.cpu).device === deviceOf(layer));
}

const mixedCache = (key: string, value: string) =>
  new TensorplanError({
    code: "ggml/cache-types",
    message: `llama.cpp stops here: this model keeps keys and values in one cache, so -ctk ${key} and -ctv ${value} can't differ`,
    hint: `give both the same type: -ctk ${key} -ctv ${key}`,
  });

const quantisedValues = (type: string) =>
  new TensorplanError({
    code: "ggml/quantised-values",
    message: `llama.cpp stops here: values can be cached as ${type} only with flash attention`,
    hint: "use -fa on, or -ctv f16",
  });
