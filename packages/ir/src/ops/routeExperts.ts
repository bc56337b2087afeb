import { z } from "zod";
import type { Axis } from "../axis/axis.ts";
import { fail } from "../graph/builder.ts";
import type { Tensor } from "../graph/tensor.ts";
import { addNode, typed } from "../op/addNode.ts";
import { axesOf, constantSize, expectF32, expectSameAxis, expectSize, need } from "../op/check.ts";
import { allBytes } from "../op/cost.ts";
import { countOf, floats, indices } from "../op/host.ts";
import { defineOp } from "../op/op.ts";
import { reduction } from "../op/tolerance.ts";
import type { SameAxis } from "../op/typed.ts";
import { sigmoidOf } from "./support/linear.ts";
import { softmaxRow } from "./support/softmaxRow.ts";

const groupsSchema = z.strictObject({
  /** Groups of consecutive experts, of equal size. */
  count: z.int().positive(),
  /** How many groups may give experts. */
  used: z.int().positive(),
  /** A group's score: its best expert, or the sum of its two best. */
  score: z.enum(["max", "top2"]),
});
export type ExpertGroups = z.infer<typeof groupsSchema>;

/** Indices of the `count` largest, in descending order; ties go to the lower index. */
const largest = (values: ArrayLike<number>, count: number): number[] =>
  Array.from(values, (_, i) => i)
    .sort((a, b) => (values[b] as number) - (values[a] as number) || a - b)
    .slice(0, count);

/** Scores with all experts of the groups that lose set to −∞. */
function keepGroups(scores: Float64Array, { count, used, score }: ExpertGroups): Float64Array {
  const size = scores.length / count;
  const best = Array.from({ length: count }, (_, g) => {
    const sorted = Array.from(scores.subarray(g * size, (g + 1) * size)).sort((a, b) => b - a);
    return (sorted[0] as number) + (score === "top2" ? (sorted[1] ?? 0) : 0);
  });
  const kept = new Set(largest(best, used));
  return scores.map((value, i) => (kept.has(Math.floor(i / size)) ? value : Number.NEGATIVE_INFINITY));
}

export const routeExpertsOp = defineOp({
  name: "route_experts",
  doc: "Chooses experts (DeepSeekMoE, arXiv:2401.06066; groups and bias: arXiv:2412.19437): logits [T, X], bias? [X] → ids i32 [T, used], weights [T, used]. p = gating(logits); the experts with the largest p(+bias) are chosen, ties to the lower index, only from the best groups if there are groups; weights are p without bias in descending order of selection, normalised to sum 1 if asked, times scale.",
  inputs: ["logits", "bias?"],
  outputs: ["ids", "weights"],
  attrs: z.strictObject({
    gating: z.enum(["softmax", "sigmoid"]),
    used: z.int().positive(),
    usedAxis: z.string().min(1),
    groups: groupsSchema.exactOptional(),
    normalise: z.boolean(),
    scale: z.number(),
  }),
  infer({ inputs, attrs, axis }) {
    const [logits] = need(inputs, "logits");
    const { bias } = inputs;
    expectF32({ logits, ...(bias && { bias }) });
    const [t, x] = axesOf("logits", logits, ["T", "X"]);
    if (bias !== undefined)
      expectSameAxis("route-experts/bias", "logits has", x, "bias has", axesOf("bias", bias, ["X"])[0]);
    const experts = constantSize(x);
    const { groups } = attrs;
    if (groups !== undefined && (experts % groups.count !== 0 || groups.used > groups.count)) {
      fail(
        "route-experts/groups",
        `${experts} experts (axis '${x.name}') can't be chosen from ${groups.used} of ${groups.count} equal groups`,
      );
    }
    const choice = groups === undefined ? experts : (experts / groups.count) * groups.used;
    if (attrs.used > choice) {
      fail("route-experts/used", `${attrs.used} experts are to be chosen from ${choice} (axis '${x.name}')`);
    }
    const used = axis(attrs.usedAxis);
    expectSize("route-experts/used-axis", "the chosen experts'", used, attrs.used);
    return { ids: { dtype: "i32", axes: [t, used] }, weights: { dtype: "f32", axes: [t, used] } };
  },
  reference({ inputs, outputs, attrs }) {
    const [logits] = need(inputs, "logits");
    const bias = inputs.bias && floats(inputs.bias);
    const [ids, weights] = need(outputs, "ids", "weights");
    const [tokens = 0, experts = 0] = logits.shape;
    for (let t = 0; t < tokens; t++) {
      const p = Float64Array.from(floats(logits).subarray(t * experts, (t + 1) * experts));
      if (attrs.gating === "softmax") softmaxRow(p, 0, experts);
      else for (let i = 0; i < experts; i++) p[i] = sigmoidOf(p[i] as number);
      const scores = p.map((value, i) => value + (bias?.[i] ?? 0));
      const chosen = largest(
        attrs.groups === undefined ? scores : keepGroups(scores, attrs.groups),
        attrs.used,
      );
      const sum = attrs.normalise ? chosen.reduce((s, i) => s + (p[i] as number), 0) + 1e-20 : 1;
      chosen.forEach((expert, u) => {
        indices(ids)[t * attrs.used + u] = expert;
        floats(weights)[t * attrs.used + u] = ((p[expert] as number) / sum) * attrs.scale;
      });
    }
  },
  cost(context) {
    const [logits] = need(context.inputs, "logits");
    return { flops: 8 * countOf(logits.shape), bytes: allBytes(context) };
  },
  tolerance: reduction,
});

/** Chooses `used` (an axis) experts for each token from logits [T, X] → ids [T, used] and weights [T, used]. */
export const routeExperts = <T extends Axis, X extends Axis, X2 extends Axis, U extends Axis>(
  at: string,
  logits: Tensor<readonly [T, X], "f32">,
  options: {
    readonly gating: "softmax" | "sigmoid";
    readonly used: U;
    readonly normalise: boolean;
    readonly scale: number;
    readonly groups?: ExpertGroups | undefined;
    /** Added to the probabilities for selection only, [X]. */
    readonly bias?:
      | (Tensor<readonly [X2], "f32"> & SameAxis<X, X2, "route_experts: logits has", "bias has">)
      | undefined;
  },
): { readonly ids: Tensor<readonly [T, U], "i32">; readonly weights: Tensor<readonly [T, U], "f32"> } => {
  const { gating, used, normalise, scale, groups, bias } = options;
  const attrs = {
    gating,
    used: constantSize(used),
    usedAxis: used.name,
    normalise,
    scale,
    ...(groups === undefined ? {} : { groups }),
  };
  const outputs = addNode(routeExpertsOp, at, { logits, bias }, attrs, [used]);
  return { ids: typed(outputs, "ids"), weights: typed(outputs, "weights") };
};
