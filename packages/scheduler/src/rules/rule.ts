import type { DType } from "@tensorplan/ir";

/** A run of whole numbers, half open like the boxes of variants: `atLeast <= n < below`. */
export interface Range {
  readonly atLeast?: number;
  readonly below?: number;
}

/** Sizes of a stored tensor. `rows`: the product of all axes but the fastest one; `bytes`: as it lies in a file, row after row. */
export const shapeFields = ["rows", "columns", "elements", "bytes"] as const;
export type ShapeField = (typeof shapeFields)[number];

/** Text to look for: a glob (`*` stands for anything), or a regular expression that must be found somewhere. */
export type Pattern = string | { readonly regex: string };

/**
 * Which nodes, weights or caches a rule speaks of. All fields that are given must hold; an empty selector holds for everything.
 * Fields about nodes (`op`, `path`, `dims`) and sizes of the step aren't allowed in `store` rules: residence is one table for all steps.
 */
export interface Selector {
  /** A node's operation, or the composite operation that it was lowered from. */
  readonly op?: string | readonly string[];
  /** A node's path, or that of the composite that it was lowered from. */
  readonly path?: Pattern;
  /** A weight's name; of a node, the name of any weight that it reads. */
  readonly weight?: Pattern;
  /** A cache's name; of a node, the name of any cache that it reads or writes. */
  readonly state?: Pattern;
  /** Whether the thing is a weight, a cache or a node. */
  readonly kind?: "weight" | "state" | "node";
  /** Layer number, from `blk.N.` in a path or weight's name or `cache.N.` in a cache's. */
  readonly layer?: Range;
  /** Element type of the weight or cache; of a node, of any weight that it reads. */
  readonly dtype?: DType | readonly DType[];
  /** Sizes of the weight, or of the cache at its largest; of a node, of one weight that it reads. */
  readonly shape?: { readonly [Field in ShapeField]?: Range };
  /**
   * Dimensions of a node's operands and outputs: `x.-1` is the fastest axis of operand x, `x.0` its slowest, `x.rows` the product of all
   * but the fastest, `x.rank` how many there are. Dimensions that change from step to step never hold: those are `tokens` and `context`.
   */
  readonly dims?: Readonly<Record<string, Range>>;
  /** `decode`: one new token for each sequence; `prefill`: more. */
  readonly phase?: "decode" | "prefill";
  /** New tokens that the sequence gains in the whole call, of which a step may carry only a part: how a prompt is cut decides nothing. */
  readonly tokensPerSequence?: Range;
  /** New tokens of all sequences in the step. */
  readonly tokens?: Range;
  /** Rows of the longest sequence after the step. */
  readonly context?: Range;
  readonly sequences?: Range;
  readonly and?: readonly Selector[];
  readonly or?: readonly Selector[];
  readonly not?: Selector;
}

/** Sizes of a step that selectors and variants speak of, in the order in which variants are cut. */
export const stepDims = ["tokensPerSequence", "tokens", "context", "sequences"] as const;
export type StepDim = (typeof stepDims)[number];

/**
 * What a node follows. `weight`, `state`: where its weights or caches lie. `latest`: where its newest operand is computed (the one
 * furthest down the graph). `consumers`: where those that read it run. An operand by its name; any value by its id.
 */
export type FollowTarget =
  | "weight"
  | "state"
  | "latest"
  | "consumers"
  | { readonly operand: string }
  | { readonly value: string };

/** What a rule does with what it selects. Devices are named by their ids. */
export type Action =
  /** Weights and caches live on this device; `layout` asks for one layout instead of the one that the kernel reads. */
  | { readonly store: string; readonly layout?: string }
  /** Nodes run on this device. */
  | { readonly place: string }
  /** Nodes run on the first of these devices that can. */
  | { readonly prefer: readonly string[] }
  | { readonly follow: FollowTarget }
  /** Composite nodes are done in the first of these ways that works; `*`: any way that the operation lists, in its order. */
  | { readonly lower: string | readonly string[] }
  /** Weights aren't copied: they are used where they lie in the file, mapped into memory, where the device can and the file's form is read. */
  | { readonly map: "file" }
  /** Weights may be held a second time on these devices, where nodes that were placed there read them. */
  | { readonly replicate: readonly string[] }
  /** Activations may be copied to the nodes selected. */
  | { readonly transfer: "activations" }
  /**
   * Nodes that read the weights selected run on the first of these devices that can, and get the weight in each step by a copy from where
   * it lives; nodes that an earlier rule places on one of them get it too. `above: "break-even"`: only in steps with so many new tokens that
   * the copies cost less time than computing at home, by the cost model; the plan has the number.
   */
  | { readonly stream: readonly string[]; readonly above?: "break-even" }
  /**
   * Weights are cut along an axis into one part for each device, and the nodes that read them are done in parts, whose results are put
   * together again by explicit nodes. Becomes store and place rules for the parts, which stand behind it in the list. `shares`: how large
   * the parts are to each other, in the devices' order; equal where absent.
   */
  | {
      readonly shard: {
        readonly axis: string;
        readonly devices: readonly string[];
        readonly shares?: readonly number[];
      };
    }
  /** Stands for the store rules that a solver finds. */
  | { readonly optimise: string };

export type ActionKind = Action extends infer A
  ? A extends A
    ? Exclude<keyof A, "layout" | "above">
    : never
  : never;

/** Where a rule comes from: a command-line flag (as typed), a rule file (its path), TypeScript, a shard rule (its name), or the defaults. */
export type RuleOrigin =
  | { readonly kind: "flag"; readonly text: string }
  | { readonly kind: "file"; readonly path: string }
  | { readonly kind: "api" }
  | { readonly kind: "shard"; readonly rule: string }
  | { readonly kind: "default" };

/** One line of the ordered list that decides everything; the first rule that matches decides. */
export interface Rule {
  readonly name: string;
  readonly origin: RuleOrigin;
  readonly when: Selector;
  readonly do: Action;
  /** What happens when the rule matches but can't be obeyed: stop with the reason, or ask the next rule. */
  readonly else: "error" | "next";
  /** The reason that plans print beside the rule. */
  readonly why?: string;
  /** A last resort: what it decides is counted and shown. */
  readonly fallback?: boolean;
  /** The rule may decide nothing. Without it a rule of the user's that matches nothing, or only what is decided before it, is an error. */
  readonly optional?: boolean;
}

export const actionKind = (action: Action): ActionKind => {
  if ("store" in action) return "store";
  if ("place" in action) return "place";
  if ("prefer" in action) return "prefer";
  if ("follow" in action) return "follow";
  if ("lower" in action) return "lower";
  if ("map" in action) return "map";
  if ("replicate" in action) return "replicate";
  if ("transfer" in action) return "transfer";
  if ("stream" in action) return "stream";
  return "shard" in action ? "shard" : "optimise";
};

/** `-ot exps=CPU`, `rules.json`, `default`: how messages call a rule's origin. */
export function printOrigin(origin: RuleOrigin): string {
  switch (origin.kind) {
    case "flag":
      return origin.text;
    case "file":
      return origin.path;
    case "shard":
      return `made by '${origin.rule}'`;
    case "api":
    case "default":
      return origin.kind;
  }
}
