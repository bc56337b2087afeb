import { coreOps } from "@tensorplan/ir";
import { expect, test } from "vitest";
import { plan } from "../plan/makePlan.ts";
import type { PlanInput } from "../plan/planInput.ts";
import { anyKernel, profile, rule, tinyModel } from "../testing/fixtures.ts";
import { trialText, tryRules } from "./tryRules.ts";
import { whyNot } from "./whyNot.ts";
import { whyNotText } from "./whyNotText.ts";

const picky = anyKernel("matmul", {
  name: "matmul.f32",
  operands: { x: { dtypes: ["f32"] }, w: { dtypes: ["f32"] } },
});
const input: PlanInput = {
  graph: tinyModel(3),
  ops: coreOps,
  devices: [
    profile("cpu"),
    profile("cuda:0"),
    {
      ...profile("npu:0", { without: ["matmul"] }),
      kernels: [picky, anyKernel("add"), anyKernel("rms_norm")],
    },
  ],
  rules: [rule("stay", { weight: "blk.2.*" }, { store: "cpu" })],
};
const made = plan(input);

const devicesOf = (of: typeof made, id: string) =>
  of.variants.map(({ nodes }) => nodes.find(({ node }) => of.nodes[node]?.id === id)?.device);

/** Plans with the rules that the answer gives, and returns where the nodes are then. */
const obeyed = (device: string, wanted: string, ids: readonly string[]) => {
  const trial = tryRules(input, whyNot(made, device, wanted).rules);
  if (trial.kind === "error") throw new Error(trial.message);
  return new Set(ids.flatMap((id) => devicesOf(trial.plan, id)));
};

test("the rule that came first, the verdict, what it reads, and the rules to paste", () => {
  expect(whyNotText(made, whyNot(made, "cuda:0", "blk.*.q"))).toMatchInlineSnapshot(`
    "2 nodes blk.*.q: matmul, layers 0–1
    It runs on cpu: rule 'compute where the weight lives' (default: activations are smaller than weights) came first.
    cuda:0 could run it, by matmul.any.
    It reads the weight 'blk.*.q.weight', which lives on cpu by rule 'weights and caches live on the first device' (default: the first device in the order that was stated).

    matmul 'blk.2.q'
    It runs on cpu: rule 'compute where the weight lives' (default: activations are smaller than weights) came first.
    cuda:0 could run it, by matmul.any.
    It reads the weight 'blk.2.q.weight', which lives on cpu by rule 'stay' (api).

    To have them on cuda:0, put in front of the other rules (--rules FILE):
      {"schema":"tensorplan.rules/1","rules":[
        {"name":"blk.*.q.weight (layers 0–2) on cuda:0","when":{"kind":"weight","weight":"blk.*.q.weight"},"do":{"store":"cuda:0"}}
      ]}
    or say -ot '^blk\\..*\\.q\\.weight$=cuda:0'"
  `);
});

test("the rules that are printed do bring the nodes there", () => {
  expect(obeyed("cuda:0", "blk.*.q", ["blk.0.q", "blk.1.q", "blk.2.q"])).toEqual(new Set(["cuda:0"]));
  expect(obeyed("cuda:0", "blk.1.attn", ["blk.1.attn"])).toEqual(new Set(["cuda:0"]));
  expect(obeyed("cuda:0", "blk.1.residual", ["blk.1.residual"])).toEqual(new Set(["cuda:0"]));
  expect(obeyed("cuda:0", "blk.1.*", ["blk.1.out", "blk.1.attn", "blk.1.norm"])).toEqual(new Set(["cuda:0"]));
});

test("kernels that refuse are named with code and reason, and no rule is offered", () => {
  const answer = whyNot(made, "npu:0", "blk.1.q");
  expect(answer.rules).toEqual([]);
  expect(answer.impossible).toEqual(["blk.1.q"]);
  const text = whyNotText(made, answer);
  expect(text).toContain("npu:0 can't run it:\n  matmul.f32: w is f16; it takes f32 (dtype).");
  expect(text).toContain("No rule can bring it to npu:0.");
  expect(whyNotText(made, whyNot(made, "npu:0", "blk.1.attn"))).toContain(
    "it has no kernel for this operation",
  );
});

test("what can be moved is offered, and what can't is counted", () => {
  const answer = whyNot(made, "npu:0", "blk.0.*");
  expect(answer.impossible).toContain("blk.0.q");
  expect(answer.rules.flatMap(({ do: action }) => Object.keys(action))).toEqual(["store", "place"]);
  expect(obeyed("npu:0", "blk.0.*", ["blk.0.norm", "blk.0.residual"])).toEqual(new Set(["npu:0"]));
});

test("weights and caches are answered by their store rule", () => {
  const text = whyNotText(made, whyNot(made, "cuda:0", "cache.0.k"));
  expect(text).toContain("It lives on cpu: rule 'weights and caches live on the first device'");
  expect(text).toContain('"when":{"kind":"state","state":"cache.0.k"},"do":{"store":"cuda:0"}');
  expect(whyNotText(made, whyNot(made, "cuda:0", "blk.0.q.weight"))).toContain(
    "or say -ot '^blk\\.0\\.q\\.weight$=cuda:0'",
  );
});

test("what is there already, and views, need no rule", () => {
  expect(whyNotText(made, whyNot(made, "cpu", "blk.0.q"))).toContain("It does run on cpu.");
  expect(whyNotText(made, whyNot(made, "cuda:0", "blk.0.q_heads"))).toContain("It is a view");
  expect(whyNot(made, "cpu", "blk.*").rules).toEqual([]);
});

test("a trial says what the rules cost, and which of the user's rules they make obsolete", () => {
  const before = made;
  const { rules } = whyNot(made, "cuda:0", "blk.2.*");
  const lines = trialText(before, tryRules(input, rules));
  expect(lines[0]).toMatch(
    /^Tried: cpu holds .* less; cuda:0 holds .* more; step has \d+ splits instead of 1/,
  );
  const small = { ...input, budgets: { "cuda:0": 1024 } };
  const failed = trialText(before, tryRules(small, rules));
  expect(failed[0]).toMatch(/^Tried, and it can't be had so: the plan needs .* on cuda:0/);
});

test("an unknown device is refused with those that there are", () => {
  expect(() => whyNot(made, "cuda:7", "blk.0.q")).toThrow(
    expect.objectContaining({ code: "plan/unknown-device", hint: "the devices are: cpu, cuda:0, npu:0" }),
  );
});

test("devices may be called as ggml calls them", () => {
  expect(whyNot(made, "CUDA0", "blk.1.q")).toEqual(whyNot(made, "cuda:0", "blk.1.q"));
});
