import { dtypeNames } from "@tensorplan/ir";
import { z } from "zod";
import type { Selector } from "../rule.ts";
import { dimName } from "../sizeSelectors.ts";

export const RULES_SCHEMA = "tensorplan.rules/1";

const count = z.int().nonnegative();
const range = z
  .strictObject({ atLeast: count.exactOptional(), below: count.exactOptional() })
  .meta({ id: "Range", description: "Whole numbers n with atLeast <= n < below." });
const pattern = z.union([z.string().min(1), z.strictObject({ regex: z.string().min(1) })]).meta({
  id: "Pattern",
  description: "A glob, in which * stands for anything, or a regular expression to find.",
});
const names = z.union([z.string().min(1), z.array(z.string().min(1)).min(1)]);
const device = z.string().min(1).meta({
  id: "Device",
  description: "A device's id (cpu, cuda:0), or as ggml's programs spell it (CPU, CUDA0).",
});
const devices = z.array(device).min(1);
const dtype = z.enum(dtypeNames);

const selector: z.ZodType<Selector> = z
  .lazy(() =>
    z.strictObject({
      op: names.exactOptional().describe("A node's operation, or the composite that it was lowered from."),
      path: pattern
        .exactOptional()
        .describe("A node's path, or that of the composite that it was lowered from."),
      weight: pattern.exactOptional().describe("A weight's name; of a node, of any weight that it reads."),
      state: pattern.exactOptional().describe("A cache's name; of a node, of any cache that it uses."),
      kind: z.enum(["weight", "state", "node"]).exactOptional(),
      layer: range.exactOptional(),
      dtype: z
        .union([dtype, z.array(dtype).min(1)])
        .exactOptional()
        .describe("Element type of the weight or cache; of a node, of any weight that it reads."),
      shape: z
        .strictObject({
          rows: range.exactOptional(),
          columns: range.exactOptional(),
          elements: range.exactOptional(),
          bytes: range.exactOptional(),
        })
        .exactOptional()
        .describe(
          "Sizes of the weight, or of the cache at its largest; of a node, of one weight that it reads.",
        ),
      dims: z
        .record(z.string().regex(dimName), range)
        .exactOptional()
        .describe("Dimensions of a node's operands and outputs: x.-1, x.0, x.rows, x.rank."),
      phase: z.enum(["decode", "prefill"]).exactOptional(),
      tokensPerSequence: range
        .exactOptional()
        .describe("New tokens that the sequence gains in the whole call."),
      tokens: range.exactOptional().describe("New tokens of all sequences in the step."),
      context: range.exactOptional().describe("Rows of the longest sequence after the step."),
      sequences: range.exactOptional(),
      and: z.array(selector).exactOptional(),
      or: z.array(selector).min(1).exactOptional(),
      not: selector.exactOptional(),
    }),
  )
  .meta({ id: "Selector", description: "All fields must hold; {} holds for everything." });

const follow = z.union([
  z.enum(["weight", "state", "latest", "consumers"]),
  z.strictObject({ operand: z.string().min(1) }),
  z.strictObject({ value: z.string().min(1) }),
]);

/** The form of each action, by its name. */
export const actionForms = {
  store: z
    .strictObject({ store: device, layout: z.string().min(1).exactOptional() })
    .describe("Weights and caches live on this device."),
  place: z.strictObject({ place: device }).describe("Nodes run on this device."),
  prefer: z.strictObject({ prefer: devices }).describe("Nodes run on the first of these devices that can."),
  follow: z.strictObject({ follow }).describe("Nodes run where something else is."),
  lower: z
    .strictObject({ lower: names })
    .describe("Composites are done in the first of these ways that works."),
  map: z
    .strictObject({ map: z.literal("file") })
    .describe("Weights are used where they lie in the file, without a copy."),
  replicate: z
    .strictObject({ replicate: devices })
    .describe("Weights may be held a second time on these devices, where nodes there read them."),
  transfer: z.strictObject({ transfer: z.literal("activations") }).describe("Activations may be copied."),
  stream: z
    .strictObject({ stream: devices, above: z.literal("break-even").exactOptional() })
    .describe(
      "Nodes run on the first of these devices that can, and get their weights by a copy in each step; above break-even: in steps where that is faster.",
    ),
  shard: z
    .strictObject({
      shard: z.strictObject({
        axis: z.string().min(1),
        devices,
        shares: z.array(z.number().positive()).exactOptional(),
      }),
    })
    .describe(
      "Weights are cut along an axis, a part for each device, in equal or the stated shares, and the nodes that read them with them.",
    ),
  optimise: z.strictObject({ optimise: z.string().min(1) }),
} as const;

const action = z.union([
  actionForms.store,
  actionForms.place,
  actionForms.prefer,
  actionForms.follow,
  actionForms.lower,
  actionForms.map,
  actionForms.replicate,
  actionForms.transfer,
  actionForms.stream,
  actionForms.shard,
  actionForms.optimise,
]);

const origin = z
  .union([
    z.strictObject({ kind: z.literal("flag"), text: z.string() }),
    z.strictObject({ kind: z.literal("file"), path: z.string() }),
    z.strictObject({ kind: z.literal("shard"), rule: z.string() }),
    z.strictObject({ kind: z.enum(["api", "default"]) }),
  ])
  .describe(
    "Where a rule came from before it was written to this file. Default rules make the list whole: no more are added. Rules made by a shard rule of the list are made anew.",
  );

const rule = z.strictObject({
  name: z.string().min(1).describe("Its own among all rules: plans and messages call it so."),
  when: selector,
  do: action,
  else: z
    .enum(["error", "next"])
    .exactOptional()
    .describe(
      "What happens where the rule matches and can't be obeyed: stop (the default), or ask the next rule.",
    ),
  why: z.string().exactOptional().describe("The reason, which plans print beside the rule."),
  fallback: z.boolean().exactOptional().describe("A last resort: what it decides is counted and shown."),
  optional: z.boolean().exactOptional().describe("It may decide nothing, which is an error otherwise."),
  origin: origin.exactOptional(),
});

export const ruleFile = z
  .strictObject({ schema: z.literal(RULES_SCHEMA), rules: z.array(rule) })
  .describe("Placement rules, in order; for each question the first that matches decides.");
