import type { GgmlTensor } from "../graph/tensor.ts";

/** Which step of the scheduler gave a tensor its device, and by what. */
export type Cause =
  | { readonly kind: "asked"; readonly why: string }
  | { readonly kind: "buffer"; readonly of: string; readonly type: string }
  | { readonly kind: "input" }
  | { readonly kind: "weight"; readonly weight: string }
  | { readonly kind: "offload"; readonly weight: string }
  | { readonly kind: "neighbour"; readonly from: string; readonly sweep: Sweep }
  | { readonly kind: "most-inputs"; readonly count: number }
  | { readonly kind: "upgrade" }
  | { readonly kind: "viewed"; readonly of: string }
  | { readonly kind: "reader"; readonly by: string }
  | { readonly kind: "first-able" };

/** The four sweeps over the list of nodes: GPUs' devices spread first, then all. */
export type Sweep = "gpu-down" | "gpu-up" | "any-down" | "any-up";

const sweepText: Readonly<Record<Sweep, string>> = {
  "gpu-down": "a GPU's device spreads downwards",
  "gpu-up": "a GPU's device spreads upwards",
  "any-down": "what is left takes the device above",
  "any-up": "what is left takes the device below",
};

/** Stable name of a cause: what a plan calls the rule. */
export function causeRule(cause: Cause): string {
  switch (cause.kind) {
    case "asked":
      return "ggml: the program asked";
    case "buffer":
      return "ggml: lies in a buffer";
    case "input":
      return "ggml: inputs start on the CPU";
    case "weight":
      return "ggml: the weight's buffer";
    case "offload":
      return "ggml: enough rows to copy the weight";
    case "neighbour":
      return `ggml: ${sweepText[cause.sweep]}`;
    case "most-inputs":
      return "ggml: most inputs at hand";
    case "upgrade":
      return "ggml: a better device reads the same buffers";
    case "viewed":
      return "ggml: a view stays with its source";
    case "reader":
      return "ggml: the first reader's device";
    case "first-able":
      return "ggml: the first device that can";
  }
}

/** One sentence for this node. */
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
      return `its weight '${cause.weight}' lies in the host's memory, and the batch is large enough to copy it at every step`;
    case "neighbour":
      return `${sweepText[cause.sweep]}, from '${cause.from}'`;
    case "most-inputs":
      return `no neighbour's device can compute it; here ${cause.count} of its inputs are at hand`;
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
export const labelOf = ({ name, op }: GgmlTensor): string => (name === "" ? op : name);
