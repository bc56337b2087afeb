import type { GgmlTensor } from "../graph/tensor.ts";

/** Which step of the scheduler gave a tensor its device, and by what. */
export type Cause =
  | { readonly kind: "asked"; readonly why: string }
  | { readonly kind: "buffer"; readonly of: string; readonly type: string }
  | { readonly kind: "input" }
  /** `stays`: why the weight isn't copied to a GPU for this node, where it might have been. */
  | { readonly kind: "weight"; readonly weight: string; readonly stays?: string }
  | { readonly kind: "offload"; readonly weight: string; readonly rows: number }
  | { readonly kind: Sweep; readonly from: string }
  | { readonly kind: "most-inputs"; readonly count: number }
  | { readonly kind: "upgrade" }
  | { readonly kind: "viewed"; readonly of: string }
  | { readonly kind: "reader"; readonly by: string }
  | { readonly kind: "first-able" };

/** The four sweeps over the list of nodes: GPUs' devices spread first, then all. */
export type Sweep = "gpu-down" | "gpu-up" | "any-down" | "any-up";

export const sweeps = ["gpu-down", "gpu-up", "any-down", "any-up"] as const satisfies readonly Sweep[];

interface CauseRule {
  readonly cause: Cause["kind"];
  /** What a plan calls the rule. */
  readonly name: string;
  readonly why: string;
  /** What a node follows by it. */
  readonly kind: "weight" | "buffer" | "down" | "up" | "other";
  /** Why the rule says nothing to a node that a later one decides. */
  readonly passes: string;
}

const NOT_OPEN = "no such neighbour in the list of nodes";

/** The scheduler's steps as named rules, in its order. */
export const causeRules: readonly CauseRule[] = [
  {
    cause: "asked",
    name: "ggml: the program asked",
    why: "llama.cpp ties some nodes to a device before scheduling",
    kind: "other",
    passes: "the program asked for no device",
  },
  {
    cause: "buffer",
    name: "ggml: its bytes lie in a buffer",
    why: "what writes into a cache runs where the cache lies",
    kind: "buffer",
    passes: "its result has no place before the step",
  },
  {
    cause: "input",
    name: "ggml: inputs start on the CPU",
    why: "the caller brings them in the host's memory",
    kind: "other",
    passes: "it isn't an input of the step",
  },
  {
    cause: "offload",
    name: "ggml: a batch large enough to copy the weight",
    why: "weights in the host's memory are copied to a GPU for 32 rows and more",
    kind: "other",
    passes: "no weight of it lies in the host's memory",
  },
  {
    cause: "weight",
    name: "ggml: the weight's buffer",
    why: "the first source that is a weight decides",
    kind: "weight",
    passes: "it reads no weight",
  },
  {
    cause: "gpu-down",
    name: "ggml: a GPU's device spreads downwards",
    why: "to the nodes behind it in the list, up to one of the CPU's",
    kind: "down",
    passes: NOT_OPEN,
  },
  {
    cause: "gpu-up",
    name: "ggml: a GPU's device spreads upwards",
    why: "to the nodes before it in the list, up to one of the CPU's",
    kind: "up",
    passes: NOT_OPEN,
  },
  {
    cause: "any-down",
    name: "ggml: any device spreads downwards",
    why: "what is still open takes the device before it in the list",
    kind: "down",
    passes: NOT_OPEN,
  },
  {
    cause: "any-up",
    name: "ggml: any device spreads upwards",
    why: "what is still open takes the device behind it in the list",
    kind: "up",
    passes: NOT_OPEN,
  },
  {
    cause: "most-inputs",
    name: "ggml: most inputs at hand",
    why: "no neighbour's device can compute it",
    kind: "other",
    passes: "a neighbour's device could compute it",
  },
  {
    cause: "upgrade",
    name: "ggml: a better device with the same buffers",
    why: "devices that share a buffer type give way to the one of higher priority",
    kind: "other",
    passes: "no other device allocates the same buffers",
  },
  {
    cause: "viewed",
    name: "ggml: a view stays with its source",
    why: "its bytes are there",
    kind: "other",
    passes: "it isn't a view",
  },
  {
    cause: "reader",
    name: "ggml: the first reader's device",
    why: "sources that nothing decided follow the node that reads them",
    kind: "other",
    passes: "nothing reads it first",
  },
  {
    cause: "first-able",
    name: "ggml: the first device that can",
    why: "a last resort",
    kind: "other",
    passes: "",
  },
];

/** One sentence for this node, without a full stop. */
export function causeText(cause: Cause): string {
  switch (cause.kind) {
    case "asked":
      return cause.why;
    case "buffer":
      return `the bytes of '${cause.of}' lie in a ${cause.type} buffer`;
    case "input":
      return "what the caller brings lies in the host's memory";
    case "weight":
      return `its first weight, '${cause.weight}', lies there`;
    case "offload":
      return `its weight '${cause.weight}' lies in the host's memory, and ${cause.rows} rows are worth a copy in every step`;
    case "gpu-down":
    case "any-down":
      return `'${cause.from}' stands before it in the list of nodes`;
    case "gpu-up":
    case "any-up":
      return `'${cause.from}' stands behind it in the list of nodes`;
    case "most-inputs":
      return `no neighbour's device can compute it, and here ${cause.count} of its inputs are at hand`;
    case "upgrade":
      return "its buffers are also those of a device of higher priority";
    case "viewed":
      return `it is a view of '${cause.of}'`;
    case "reader":
      return `'${cause.by}' reads it first`;
    case "first-able":
      return "nothing else decided";
  }
}

/** Name of a tensor for a sentence; some have none. */
export const labelOf = ({ name, op }: GgmlTensor): string => (name.trim() === "" ? op : name);
