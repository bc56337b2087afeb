import type { Graph, StorageDType } from "@tensorplan/ir";
import type { Metadata } from "./metadata.ts";
import type { StepLimits } from "./step.ts";
import type { TensorTable } from "./weights.ts";

/** Element types that caches are kept in. */
export type CacheDType = Extract<StorageDType, "f32" | "f16" | "bf16" | "q8_0">;

/**
 * Other ways to write a model down, which change what it caches or computes. `plain-attention`: latent attention as plain multi-head
 * attention, keys and values of every head cached whole. `ungrouped-experts`: experts are chosen among all, whatever groups the file names.
 */
export type GraphSwitch = "plain-attention" | "ungrouped-experts";

export interface GraphOptions {
  readonly limits: StepLimits;
  readonly cacheDType: CacheDType;
  readonly switches?: ReadonlySet<GraphSwitch>;
}

/** Sizes that anything outside a model definition may need. */
export interface ModelShape {
  readonly layers: number;
  readonly embd: number;
  readonly vocab: number;
  /** The context that the model was trained for. */
  readonly trainedContext: number;
}

/** A model read from a file's metadata and tensor table, ready to be written down as a graph. */
export interface Model {
  readonly architecture: string;
  readonly shape: ModelShape;
  /** The switches that change this model's graph; absent: none does. */
  readonly switches?: readonly GraphSwitch[];
  graph(options: GraphOptions): Graph;
}

/** An architecture: how its settings are read and how its graph is written down. */
export interface ModelDefinition {
  /** `general.architecture` of the files it reads. */
  readonly architecture: string;
  read(metadata: Metadata, tensors: TensorTable): Model;
}
