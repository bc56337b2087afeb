import type { GgmlType } from "@tensorplan/models";
import { GgmlGraph } from "../graph/ggmlGraph.ts";
import { alike, f16, f32, getRows, i32, i64, mulMat, named, result, stepInput } from "../graph/ggmlOps.ts";
import { type GgmlTensor, sizes } from "../graph/tensor.ts";

/** Sizes of one step, and what the program decided before it builds the graph. */
export interface StepSettings {
  readonly tokens: number;
  /** Tokens whose logits are wanted. */
  readonly outputs: number;
  /** Cached positions that attention looks at. */
  readonly context: number;
  /** Positions that the cache has room for. */
  readonly cacheRows: number;
  readonly flashAttention: boolean;
  readonly keyType: GgmlType;
  readonly valueType: GgmlType;
  /** Whether attention and its cache may leave the CPU. */
  readonly offloadCache: boolean;
  /** Device that each layer was given by `-ngl`. */
  readonly layerDevice: (layer: number) => string;
  /** Whether the first operation of each layer is tied to the layer's device: small steps, and models wholly on a GPU. */
  readonly tieNorms: boolean;
}

/** Weights by their name in the file. */
export interface GgmlWeights {
  get(name: string): GgmlTensor;
  has(name: string): boolean;
}

/** Writes a graph the way llama.cpp's graph builder does: same operations, same names, same order. */
export class GraphWriter {
  readonly graph = new GgmlGraph();
  readonly step: StepSettings;
  readonly weights: GgmlWeights;
  readonly positions: GgmlTensor;
  readonly outputRows: GgmlTensor;
  readonly cacheRows: GgmlTensor;
  readonly mask: GgmlTensor;

  constructor(step: StepSettings, weights: GgmlWeights) {
    this.step = step;
    this.weights = weights;
    this.positions = stepInput("inp_pos", i32, sizes(step.tokens));
    this.outputRows = stepInput("out_ids", i32, sizes(step.outputs));
    this.cacheRows = stepInput("attn_inp_k_idxs", i64, sizes(step.tokens));
    const maskType = step.flashAttention ? f16 : f32;
    this.mask = stepInput("attn_inp_kq_mask", maskType, sizes(step.context, step.tokens));
  }

  weight(name: string): GgmlTensor {
    return this.weights.get(`${name}.weight`);
  }

  /** Names a tensor of a layer, or of the whole model where `layer` is undefined. A norm may be tied to its layer's device. */
  name(tensor: GgmlTensor, name: string, layer?: number): GgmlTensor {
    if (layer === undefined) return named(tensor, name);
    if (name === "norm" && this.step.tieNorms) {
      const device = this.step.layerDevice(layer);
      tensor.pinned = { device, why: `llama.cpp ties the norms of layer ${layer} to the layer's device` };
    }
    return named(tensor, `${name}-${layer}`);
  }

  embedding(): GgmlTensor {
    const tokens = stepInput("inp_tokens", i32, sizes(this.step.tokens));
    const rows = this.name(getRows(this.weight("token_embd"), tokens), "embd");
    this.graph.expand(rows);
    return rows;
  }

  /** The normalised rows times the norm's weight, without a name of their own. */
  norm(x: GgmlTensor, weight: string, layer?: number): GgmlTensor {
    const normalised = this.name(alike("RMS_NORM", x), "norm", layer);
    return alike("MUL", normalised, this.weight(weight));
  }

  rope(x: GgmlTensor): GgmlTensor {
    return alike("ROPE", x, this.positions);
  }

  /** Gated feed-forward; its result has no name yet. `suffix`: `_shexp` for the shared expert. */
  feedForward(x: GgmlTensor, layer: number, suffix = ""): GgmlTensor {
    const at = `blk.${layer}.ffn`;
    const up = this.name(mulMat(this.weight(`${at}_up${suffix}`), x), "ffn_up", layer);
    const gate = this.name(mulMat(this.weight(`${at}_gate${suffix}`), x), "ffn_gate", layer);
    const gated = this.name(alike("SWIGLU", gate, up), "ffn_swiglu", layer);
    return mulMat(this.weight(`${at}_down${suffix}`), gated);
  }

  /** The rows whose logits are wanted. */
  outputsOf(x: GgmlTensor): GgmlTensor {
    return getRows(x, this.outputRows);
  }

  /** The end of the graph: norm and output head. */
  finish(x: GgmlTensor): GgmlGraph {
    const last = this.name(this.norm(x, "output_norm"), "result_norm");
    const head = this.weights.has("output.weight") ? "output" : "token_embd";
    this.graph.expand(this.name(mulMat(this.weight(head), last), "result_output"));
    return this.graph;
  }

  /** A cache of one layer: `[width, rows]`. */
  cache(kind: "k" | "v", type: GgmlType, width: number, layer: number): GgmlTensor {
    const { offloadCache, layerDevice, cacheRows } = this.step;
    return {
      ...result("NONE", type, sizes(width, cacheRows), [], `cache_${kind}_l${layer}`),
      buffer: { use: "cache", type: offloadCache ? layerDevice(layer) : "CPU" },
    };
  }
}
