import { TensorplanError } from "@tensorplan/ir";
import { type GgmlType, ggmlTypeByName } from "@tensorplan/models";

/** What llama-bench is asked for, in its own words. What is absent has the program's default. */
export interface LlamaFlags {
  /** `-ngl`: layers on the GPU, counted from the last; the output head is one more. Negative or absent: all. */
  readonly gpuLayers?: number | undefined;
  /** `-ot`: `REGEX=DEVICE`, several separated by `;` or `,`. The first that matches decides. */
  readonly overrideTensors?: readonly string[] | undefined;
  /** `-ncmoe`: the first layers whose routed experts stay on the CPU. */
  readonly cpuExpertLayers?: number | undefined;
  /** `-fa` */
  readonly flashAttention?: "on" | "off" | "auto" | undefined;
  /** `-nkvo` */
  readonly keepCacheOnCpu?: boolean | undefined;
  /** `-nopo` */
  readonly noOpOffload?: boolean | undefined;
  /** `-ctk`, `-ctv` */
  readonly keyType?: string | undefined;
  readonly valueType?: string | undefined;
  /** `-p`, `-n`, `-d`, `-b`, `-ub` */
  readonly prompt?: number | undefined;
  readonly generate?: number | undefined;
  readonly depth?: number | undefined;
  readonly batch?: number | undefined;
  readonly microBatch?: number | undefined;
  /** `-c` of the other programs: the cache's size whatever the prompt. */
  readonly contextSize?: number | undefined;
}

/** Sizes that follow from the flags. */
export interface ContextSizes {
  /** Positions in the cache. */
  readonly cacheRows: number;
  readonly microBatch: number;
  /** Tokens of the first real step. */
  readonly firstStep: number;
  /** How many of them are the prompt's last, whose logits are wanted: one or none. */
  readonly firstOutputs: number;
}

/** Caches are made, and looked at, in steps of so many positions. */
const CACHE_STEP = 256;

export const padded = (n: number): number => Math.ceil(n / CACHE_STEP) * CACHE_STEP;

const bad = (message: string, hint: string) => new TensorplanError({ code: "ggml/flag", message, hint });

/** @throws TensorplanError `ggml/flag` */
export function contextSizes(flags: LlamaFlags): ContextSizes {
  const { prompt = 512, generate = 128, depth = 0, batch = 2048, microBatch = 512, contextSize } = flags;
  const isCount = (n: number) => Number.isInteger(n) && n >= 0;
  const all = { "-p": prompt, "-n": generate, "-d": depth, "-b": batch, "-ub": microBatch };
  const wrong = Object.entries(all).find(([, n]) => !isCount(n));
  if (wrong !== undefined) {
    throw bad(`${wrong[0]} is ${wrong[1]}`, "give a whole number that isn't negative");
  }
  if (batch === 0 || microBatch === 0) throw bad("a batch of no tokens", "give -b and -ub at least 1");
  // llama-bench measures the prompt first; without one, generation alone.
  const asked = contextSize ?? (prompt > 0 ? prompt : generate) + depth;
  if (asked === 0) throw bad("neither a prompt nor tokens to generate", "give -p or -n at least 1");
  const batchRoom = Math.min(asked, batch);
  const stepRoom = Math.min(batchRoom, microBatch);
  const first = Math.min(prompt > 0 ? prompt : 1, batchRoom);
  const firstStep = Math.min(first, stepRoom);
  return {
    cacheRows: padded(asked),
    microBatch: stepRoom,
    firstStep,
    firstOutputs: firstStep === first ? 1 : 0,
  };
}

/** Cache types that llama-bench takes. */
const cacheTypes = ["f32", "f16", "bf16", "q8_0", "q4_0", "q4_1", "iq4_nl", "q5_0", "q5_1"] as const;

/** @throws TensorplanError `ggml/flag` */
export function cacheType(flag: "-ctk" | "-ctv", name = "f16"): GgmlType {
  const type = cacheTypes.some((known) => known === name) ? ggmlTypeByName(name) : undefined;
  if (type !== undefined) return type;
  throw bad(`${flag} ${name}: llama.cpp has no such cache type`, `choose one of ${cacheTypes.join(", ")}`);
}
