import { explainNode, type Plan, planHash } from "@tensorplan/scheduler";
import { addPlanOptions, type PlanFlags } from "../args/planOptions.ts";
import { planFlags } from "../engine/planInputs.ts";
import { writeJson, writeTo } from "../output/streams.ts";
import type { DefineCommand } from "./all.ts";

interface ExplainFlags extends PlanFlags {
  readonly json?: true;
}

export const explain: DefineCommand = (command, context) => {
  addPlanOptions(
    command.description(
      "Says why a node runs where it runs, or why a weight or cache lives where it lives: the rule that decided, the rules before it and why " +
        "they didn't, and what each device could have done.",
    ),
  )
    .argument(
      "<NODE>",
      "path of a node, or name of a weight or cache, as `tensorplan plan --phase decode` lists them",
    )
    .option("--json", "print the decisions as JSON")
    .addHelpText(
      "after",
      "\nExamples:\n  tensorplan explain blk.3.attn.q\n  tensorplan explain -m model.gguf -ngl 20 blk.3.ffn_down_exps.weight",
    )
    .action(async (node: string, flags: ExplainFlags) => {
      const planned = await planFlags(flags, context);
      const text = explainNode(planned.plan, node);
      if (flags.json) return writeJson(context.stdout, decisionsOf(planned.plan, node, text));
      await writeTo(context.stdout, `${text}\n`);
    });
};

const decisionsOf = (plan: Plan, id: string, text: string) => ({
  plan: planHash(plan),
  id,
  weights: plan.weights.filter(({ weight }) => weight === id),
  states: plan.states.filter(({ state }) => state === id),
  variants: plan.variants.flatMap((variant) => {
    const lowerings = variant.lowerings.filter(({ node }) => node === id);
    const nodes = variant.nodes.filter(({ node }) => plan.nodes[node]?.id === id);
    if (lowerings.length === 0 && nodes.length === 0) return [];
    return {
      id: variant.id,
      box: variant.box,
      lowerings: lowerings.map(({ lowering, decision }) => ({
        lowering,
        decision: variant.decisions[decision],
      })),
      nodes: nodes.map(({ device, kernel, decision, eligibility }) => ({
        device,
        kernel,
        decision: variant.decisions[decision] ?? null,
        devices: plan.eligibility[eligibility]?.devices ?? [],
      })),
    };
  }),
  text: text.split("\n"),
});
