import type { Backend, DeviceProfile, Link } from "@tensorplan/backend-api";
import type { CodecDType, OpSet } from "@tensorplan/ir";
import type { CacheDType, Metadata, ModelDefinition, TensorTable } from "@tensorplan/models";
import type { LoweringFlags, Objective, PlacementFlags, Rule } from "@tensorplan/scheduler";
import type { LoadProgress } from "../execute/loadWeights.ts";
import type { MakeExecutor } from "../executor/executor.ts";
import type { RunRecorder } from "../record/runRecorder.ts";

/** A model's settings and tensors without a file: enough to plan it. */
export interface ModelConfiguration {
  readonly metadata: Metadata;
  readonly tensors: TensorTable;
}

/** What a plan depends on: a model, sizes of steps, devices and rules. */
export interface PlanModelOptions {
  /**
   * Path of a GGUF file (of a split model: its first file), or a configuration, which can be planned and not run; absent: the model that
   * comes with Tensorplan.
   */
  readonly model?: string | ModelConfiguration | undefined;
  /** Tokens that a sequence may have; absent: the context that the model was trained for, at most 4096. */
  readonly contextLength?: number | undefined;
  /** Most tokens in one step; absent: 512. */
  readonly microBatch?: number | undefined;
  /** Sequences that can be full at the same time; absent: 1. */
  readonly sequences?: number | undefined;
  /** Most positions of one step whose logits are computed; absent: one for each sequence. */
  readonly maxOutputs?: number | undefined;
  /** Weights in types that no kernel computes with are converted to this one while they are loaded; absent: they stay as they are. */
  readonly convertWeights?: CodecDType | undefined;
  /** Absent: f32 while all caches together stay within 64 MiB, else f16. */
  readonly cacheDType?: CacheDType | undefined;
  /** Worker threads of each CPU device; absent: one for each core. */
  readonly threads?: number | undefined;
  /** CPU devices to open, each with memory and threads of its own; absent: 1. */
  readonly cpuDevices?: number | undefined;
  /** `auto` takes the CPU backend where its native code is built, the reference backend elsewhere. */
  readonly backend?: "auto" | "cpu" | "reference" | undefined;
  /** Backends to take devices from, in order, instead of `backend`. */
  readonly backends?: readonly Backend[] | undefined;
  /** In front of the default rules. */
  readonly rules?: readonly Rule[] | undefined;
  /** Flags that become rules once graph and devices are known; behind `rules`. */
  readonly placement?: PlacementFlags | undefined;
  /** Flags that become lower rules behind `placement`'s; `mla: "0"` writes the graph with plain attention instead. */
  readonly lowering?: LoweringFlags | undefined;
  /** `false`: experts are chosen among all, whatever groups the model's settings name. */
  readonly expertGroups?: boolean | undefined;
  /** Stores what no other rule places so that steps of this kind take least; a rule behind the flags'. */
  readonly optimise?: Objective | undefined;
  /** `false`: rules that can't be obeyed give way to the next one, whatever their `else` says. */
  readonly strict?: boolean | undefined;
  /** Profiles to plan for instead of the devices that are here. */
  readonly devices?: readonly DeviceProfile[] | undefined;
  readonly links?: readonly Link[] | undefined;
  /** Bytes that may be used, by device. */
  readonly budgets?: Readonly<Record<string, number>> | undefined;
  /** Architectures that files may have; absent: those that come with Tensorplan. */
  readonly definitions?: readonly ModelDefinition[] | undefined;
  /** Operations that graphs may use; absent: those that come with Tensorplan. */
  readonly ops?: OpSet | undefined;
}

export interface EngineOptions extends PlanModelOptions {
  readonly onProgress?: ((progress: LoadProgress) => void) | undefined;
  /** Stops loading. */
  readonly signal?: AbortSignal | undefined;
  /** Told of everything that takes time while loading and running, as `RunTrace` is; absent: nothing is timed. */
  readonly recorder?: RunRecorder | undefined;
  /** What runs steps; absent: the native executor where it is built, else the one in JavaScript. */
  readonly makeExecutor?: MakeExecutor | undefined;
}
