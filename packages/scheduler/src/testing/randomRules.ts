import { coreOps, type Graph } from "@tensorplan/ir";
import fc from "fast-check";
import type { PlanInput } from "../plan/planInput.ts";
import type { Action, Range, Rule, Selector } from "../rules/rule.ts";
import { anyKernel, profile, rule, tinyModel } from "./fixtures.ts";
import { randomGraph } from "./randomPlans.ts";

const ids = ["d0", "d1", "d2"] as const;

const range: fc.Arbitrary<Range> = fc
  .tuple(fc.nat(40), fc.integer({ min: 1, max: 40 }), fc.constantFrom("both", "least", "most"))
  .map(([from, length, which]) => ({
    ...(which === "most" ? {} : { atLeast: from }),
    ...(which === "least" ? {} : { below: from + length }),
  }));

/** Names in the random graphs and in the small decoder. */
const path = fc.constantFrom("n1", "n2", "n*", "blk.*", "blk.0.attn", "*.residual", "logits");
const op = fc.constantFrom("add", "scale", "matmul", "attention", "softmax", "rope", "cache_append");

const stored: fc.Arbitrary<Selector> = fc.record(
  {
    kind: fc.constantFrom("weight" as const, "state" as const),
    weight: fc.constantFrom("w1", "w*", "blk.*", { regex: "(k|v|q)\\.weight$" }),
    layer: fc.record({ atLeast: fc.nat(2) }),
    dtype: fc.constantFrom("f32" as const, "f16" as const),
    shape: fc.record({ bytes: fc.record({ below: fc.constantFrom(200, 1000, 9000) }) }),
  },
  { requiredKeys: [] },
);
const ofNodes: fc.Arbitrary<Selector> = fc.record(
  {
    op,
    path,
    weight: fc.constantFrom("w*", "blk.*"),
    layer: fc.record({ atLeast: fc.nat(2) }),
    dims: fc.record({ "x.-1": range }),
    phase: fc.constantFrom("decode" as const, "prefill" as const),
    tokensPerSequence: range,
    tokens: range,
  },
  { requiredKeys: [] },
);
const nested = (inner: fc.Arbitrary<Selector>): fc.Arbitrary<Selector> =>
  fc.oneof(
    { weight: 5, arbitrary: inner },
    { weight: 1, arbitrary: inner.map((not) => ({ not })) },
    { weight: 1, arbitrary: fc.tuple(inner, inner).map((or) => ({ or })) },
    { weight: 1, arbitrary: fc.tuple(inner, inner).map((and) => ({ and })) },
  );

const device = fc.constantFrom(...ids);
const several = fc.uniqueArray(device, { minLength: 1 });
const either = (when: fc.Arbitrary<Selector>, action: fc.Arbitrary<Action>) =>
  fc.record({ when: nested(when), do: action });

const body = fc.oneof(
  either(stored, fc.record({ store: device })),
  either(stored, fc.record({ replicate: several })),
  either(ofNodes, fc.record({ place: device })),
  either(ofNodes, fc.record({ prefer: several })),
  either(
    ofNodes,
    fc.record({
      follow: fc.constantFrom("weight" as const, "state" as const, "latest" as const, "consumers" as const, {
        value: "n2",
      }),
    }),
  ),
  either(ofNodes, fc.record({ lower: fc.constantFrom("flash", "naive", "*", ["naive", "flash"]) })),
  // Without sizes: thresholds of copies stay, whether or not anything is copied.
  either(fc.record({ op }), fc.constant({ transfer: "activations" as const })),
);

/** Rules that give way where they can't be obeyed, and may decide nothing: whatever they are, there is a plan. */
const looseRules: fc.Arbitrary<readonly Rule[]> = fc
  .array(body, { maxLength: 6 })
  .map((bodies) =>
    bodies.map(({ when, do: action }, i) =>
      rule(`rule ${i}`, when, action, { else: "next", optional: true }),
    ),
  );

/** Kernels that a device may lack; the first device has all, so that everything can run somewhere. */
const lacking = fc.subarray(["add", "attention", "softmax", "matmul", "rms_norm"]);

/** Kernels in front of the others that take only few tokens, or only many: variants are cut there. */
const few = anyKernel("add", {
  name: "add.few",
  when: [{ kind: "dim", dim: "a.rows", max: 16, reason: "it takes up to 16 rows" }],
});
const many = anyKernel("matmul", {
  name: "matmul.many",
  when: [{ kind: "dim", dim: "x.rows", min: 5, reason: "it takes 5 rows or more" }],
});
const special = fc.subarray([few, many]);

const graph: fc.Arbitrary<Graph> = fc.oneof(randomGraph(10), fc.constantFrom(tinyModel(1), tinyModel(2)));

/** Graphs, rules of every kind, and three devices that can do different things. */
export const randomRulePlan: fc.Arbitrary<PlanInput & { readonly rules: readonly Rule[] }> = fc
  .record({
    graph,
    rules: looseRules,
    without: fc.tuple(lacking, lacking),
    first: fc.tuple(special, special, special),
  })
  .map(({ without: [one, two], first, ...rest }) => ({
    ...rest,
    ops: coreOps,
    devices: [
      profile(ids[0], { first: first[0] }),
      profile(ids[1], { without: one, first: first[1] }),
      profile(ids[2], { without: two, first: first[2] }),
    ],
  }));
