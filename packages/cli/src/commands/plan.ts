import {
  formatPlanSummary,
  formatPlanTable,
  planHash,
  planToJson,
  rulesJsonSchema,
  variantOfPhase,
} from "@tensorplan/scheduler";
import { Option } from "commander";
import { addPlanOptions, type PlanFlags as PlanInputFlags } from "../args/planOptions.ts";
import { type RulesFlag, type RulesFormat, rulesFormats, rulesMayStandAlone } from "../args/rulesListing.ts";
import { anyPlan } from "../engine/anyPlan.ts";
import { ggmlDump, onlyRules } from "../engine/ggmlInputs.ts";
import { sweepPlan } from "../engine/sweepPlan.ts";
import { rulesText } from "../output/rulesText.ts";
import { writeJson, writeTo } from "../output/streams.ts";
import type { DefineCommand } from "./all.ts";
import { addPlanDiff } from "./planDiff.ts";

interface PlanFlags extends Omit<PlanInputFlags, "rules"> {
  readonly rules?: RulesFlag;
  readonly rulesAs?: RulesFormat;
  readonly rulesSchema?: true;
  readonly phase?: "prefill" | "decode";
  readonly over?: readonly string[];
  readonly json?: true;
  readonly ggmlDump?: true;
}

export const plan: DefineCommand = (command, context) => {
  addPlanOptions(
    command.description(
      "Shows where every weight and cache lives and where every operation runs, by which rule, and what memory that takes, to the byte. " +
        "No weight is read.",
    ),
  )
    .addOption(
      new Option("--phase <PHASE>", "list every node of the steps of one phase, in order").choices([
        "prefill",
        "decode",
      ]),
    )
    .addOption(
      new Option(
        "--rules-as <FORMAT>",
        "print the rules in force as a rule file or as the builder's TypeScript",
      ).choices(rulesFormats),
    )
    .option("--rules-schema", "print the JSON Schema of rule files")
    .addOption(
      new Option(
        "--over <SIZE=FROM..TO>",
        "print every size of step (tokens, context, sequences) at which a node changes its device, kernel or lowering, and why; may be repeated",
      ).argParser((text: string, before: readonly string[] = []) => [...before, text]),
    )
    .option("--json", "print the plan itself: canonical JSON, the same bytes for the same input")
    .option(
      "--ggml-dump",
      "with --policy ggml: print the graphs as ggml's scheduler lists them: S split device inputs, N node op name size device",
    )
    .addHelpText(
      "after",
      "\nExamples:\n  tensorplan plan -m model.gguf\n  tensorplan plan -m model.gguf --cpu-devices 2 -ot 'exps=cpu:1' --phase decode\n  tensorplan plan -m model.gguf --json > plan.json\n  tensorplan plan --arch deepseek-r1 --type iq4_nl --devices rtx4080 -ngl 99 -ot exps=CPU\n  tensorplan plan -m model.gguf -ngl 20 --rules\n  tensorplan plan -m model.gguf --over tokens=1..2048 --over context=0..16384",
    )
    .action(async ({ rules, ...flags }: PlanFlags) => {
      if (flags.rulesSchema) return writeJson(context.stdout, rulesJsonSchema());
      if (flags.ggmlDump) return writeTo(context.stdout, await ggmlDump(flags));
      const inputs = { ...flags, ...(rules?.file === undefined ? {} : { rules: rules.file }) };
      if (flags.over !== undefined) {
        onlyRules(flags, "--over");
        const { plan: swept, text, ...found } = await sweepPlan(flags.over, inputs, context);
        if (flags.json)
          return writeJson(context.stdout, { plan: planHash(swept), ...found, text: text.split("\n") });
        return writeTo(context.stdout, `${text}\n`);
      }
      const planned = await anyPlan(inputs, context);
      if (rules?.list || flags.rulesAs !== undefined) {
        return writeTo(context.stdout, rulesText(planned.plan, flags));
      }
      if (flags.json) {
        const shown =
          flags.phase === undefined
            ? planned.plan
            : { ...planned.plan, variants: [variantOfPhase(planned.plan, flags.phase)] };
        return writeTo(context.stdout, `${planToJson(shown)}\n`);
      }
      await writeTo(context.stdout, `${formatPlanSummary(planned.plan)}\n`);
      if (flags.phase === undefined) return;
      await writeTo(context.stdout, `\n${formatPlanTable(planned.plan, flags.phase)}\n`);
    });
  rulesMayStandAlone(command);
  // What stands behind the name of a command of its own belongs to that command.
  command.enablePositionalOptions().helpCommand(false);
  addPlanDiff(command, context);
};
