export const splitModes = ["layer", "none", "row"] as const;

/** Placement flags of the command line, as typed. */
export interface PlacementFlags {
  /** `-ngl N`: the last N layers live on the accelerators; more than there are: the output head too. */
  readonly gpuLayers?: number;
  /** `-sm`: layers over all accelerators, or all on one. */
  readonly splitMode?: (typeof splitModes)[number];
  /** `-ts 3,1`: shares of the layers by accelerator. */
  readonly tensorSplit?: string;
  /** `-mg`: the one accelerator of `-sm none`, by its number among them or by its name. */
  readonly mainGpu?: string;
  /** `-ot REGEX=DEVICE`, in the order given; each may hold several, separated by commas. */
  readonly overrideTensors?: readonly string[];
  /** `--cpu-moe`: all experts live with the host. */
  readonly cpuExperts?: boolean;
  /** `--n-cpu-moe N`: the experts of the first N layers do. */
  readonly cpuExpertLayers?: number;
  /** `--no-kv-offload`: caches live with the host. */
  readonly noKvOffload?: boolean;
  /** `--no-op-offload`: what reads weights computes where they live. */
  readonly noOpOffload?: boolean;
  /** `--stream REGEX=DEVICE`, in the order given. */
  readonly streamTensors?: readonly string[];
  /** `--mmap`: weights are used where they lie in the file. */
  readonly mapWeights?: boolean;
}

/** What each flag's help says about the rules that it makes. */
export const placementFlagHelp: Readonly<Record<keyof PlacementFlags, string>> = {
  gpuLayers:
    "store rules: weights and caches of the last N layers live on the accelerator (several: each gets a run of layers, as many bytes as " +
    "its memory's share), all else on the host; with more than there are, the output head too",
  splitMode:
    "changes the store rules of -ngl: layer spreads the layers over all accelerators (what -ngl does anyway), none takes one (see -mg), " +
    "row adds shard rules: rows of matrices over all accelerators, the rest on one (see -mg)",
  tensorSplit:
    "changes the store rules of -ngl: shares of the layers by accelerator, such as 3,1; layers are counted, as ggml does, not weighed; with " +
    "-sm row shares of the rows",
  mainGpu:
    "changes the store rules of -ngl with -sm none or row: which accelerator gets the layers, by number or name",
  overrideTensors:
    "a store rule: weights whose names match live on DEVICE, and what computes with them goes there because of that; may be repeated",
  cpuExperts: "a store rule: the weights of all experts live on the host",
  cpuExpertLayers: "a store rule: the weights of the experts of the first N layers live on the host",
  noKvOffload: "a store rule: caches live on the host, and attention goes there because of that",
  streamTensors:
    "a stream rule: what reads weights whose names match runs on DEVICE, and they are copied there in each step, where a step has so many " +
    "tokens that this is faster by the cost model (the plan has the number); may be repeated",
  mapWeights:
    "a map rule: weights are used where they lie in the file and take no memory of their own; slower, because kernels reorder them each time",
  noOpOffload:
    "a place rule: what reads weights computes where they live, whatever the rules behind it say (without stream rules nothing else happens)",
};
