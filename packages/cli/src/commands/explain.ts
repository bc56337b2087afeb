import { TensorplanError } from "@tensorplan/ir";
import {
  decisionsOf,
  explain as explainNames,
  explainSplits,
  explainTransfers,
  planHash,
  splitsText,
  type Trial,
  transfersText,
  trialText,
  tryRules,
  type VariantChoice,
  whyNot,
  whyNotText,
} from "@tensorplan/scheduler";
import { Option } from "commander";
import { addPlanOptions, type PlanFlags } from "../args/planOptions.ts";
import { type AnyPlan, anyPlan } from "../engine/anyPlan.ts";
import { onlyRules } from "../engine/ggmlInputs.ts";
import { writeJson, writeTo } from "../output/streams.ts";
import type { DefineCommand } from "./all.ts";

interface ExplainFlags extends PlanFlags, VariantChoice {
  readonly whyNot?: string;
  readonly transfers?: true;
  readonly splits?: true;
  readonly json?: true;
}

export const explain: DefineCommand = (command, context) => {
  addPlanOptions(
    command.description(
      "Says why a node runs where it runs, or why a weight or cache lives where it lives: the rule that decided, the rules before it and why " +
        "they didn't, and what each device could have done. Layers that are alike are told once.",
    ),
  )
    .argument(
      "[NODE|GLOB]",
      "path of a node, or name of a weight or cache, as `tensorplan plan --phase decode` lists them; * stands for anything",
    )
    .option(
      "--why-not <DEVICE>",
      "say why it isn't on that device: the rule that came first, whether the device's kernels could run it, and the rule that would put it there",
    )
    .option("--transfers", "list every copy of a step: what, how many bytes, who needs it, by which rules")
    .option("--splits", "say for each split which node and rule made it necessary")
    .addOption(new Option("--phase <PHASE>", "only the steps of one phase").choices(["prefill", "decode"]))
    .option("--variant <ID>", "only the steps of one of the plan's variants, by its name")
    .option("--json", "print the answer as JSON")
    .addHelpText(
      "after",
      `
Examples:
  tensorplan explain blk.3.attn.q
  tensorplan explain -m model.gguf -ngl 20 'blk.*.ffn_down_exps.weight'
  tensorplan explain -m model.gguf -ot exps=CPU --why-not cuda:0 'blk.*.ffn.*'
  tensorplan explain -m model.gguf -ngl 99 -ot exps=CPU --splits --phase decode`,
    )
    .action(async (wanted: string | undefined, flags: ExplainFlags) => {
      const question = questionOf(wanted, flags);
      const planned = await anyPlan(flags, context);
      const { plan } = planned;
      const { text, data } = question(planned);
      if (flags.json)
        return writeJson(context.stdout, { plan: planHash(plan), ...data, text: text.split("\n") });
      await writeTo(context.stdout, `${text}\n`);
    });
};

interface Answer {
  readonly text: string;
  readonly data: object;
}

/** What was asked, checked before anything is planned. @throws TensorplanError `cli/explain-what` */
function questionOf(wanted: string | undefined, flags: ExplainFlags): (planned: AnyPlan) => Answer {
  const choice: VariantChoice = { phase: flags.phase, variant: flags.variant };
  const asked = [wanted ?? flags.whyNot, flags.transfers, flags.splits].filter((each) => each !== undefined);
  if (asked.length !== 1)
    throw unclear(asked.length === 0 ? "there is no question" : "there is more than one question");
  if (flags.transfers) {
    return ({ plan }) => {
      const transfers = explainTransfers(plan, choice);
      return { text: transfersText(plan, transfers), data: { transfers } };
    };
  }
  if (flags.splits) {
    return ({ plan }) => {
      const splits = explainSplits(plan, choice);
      return { text: splitsText(plan, splits), data: { splits } };
    };
  }
  if (wanted === undefined) throw unclear("--why-not asks about a node, and none is named");
  const { whyNot: device } = flags;
  if (device !== undefined) onlyRules(flags, "--why-not");
  if (device === undefined) {
    return ({ plan }) => ({
      text: explainNames(plan, wanted, choice),
      data: { asked: wanted, things: decisionsOf(plan, wanted, choice) },
    });
  }
  return ({ plan, input }) => {
    const answer = whyNot(plan, device, wanted, choice);
    const text = whyNotText(plan, answer);
    if (input === undefined || answer.rules.length === 0) return { text, data: answer };
    const trial = tryRules(input, answer.rules);
    return {
      text: [text, ...trialText(plan, trial)].join("\n"),
      data: { ...answer, tried: triedData(trial) },
    };
  };
}

const triedData = (trial: Trial) =>
  trial.kind === "error" ? trial : { kind: trial.kind, plan: planHash(trial.plan), obsolete: trial.obsolete };

const unclear = (problem: string) =>
  new TensorplanError({
    code: "cli/explain-what",
    message: `explain: ${problem}`,
    hint: "name a node or a glob, also with --why-not DEVICE; or ask for --transfers, or for --splits",
  });
