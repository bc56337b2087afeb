import { formatPlanSummary, planHash, planToJson, rulesJsonSchema } from "@tensorplan/scheduler";
import { type Command, Option } from "commander";
import { addPlanOptions, type PlanFlags as PlanInputFlags } from "../args/planOptions.ts";
import { type RulesFlag, type RulesFormat, rulesFormats, rulesMayStandAlone } from "../args/rulesListing.ts";
import { repeatable } from "../args/twoSides.ts";
import type { CliContext } from "../cliContext.ts";
import { anyPlan } from "../engine/anyPlan.ts";
import { ggmlDump, onlyRules } from "../engine/ggmlInputs.ts";
import { addDocumentOptions, type DocumentFlags, planDocument } from "../engine/planDocument.ts";
import { sweepPlan } from "../engine/sweepPlan.ts";
import { whatIfPlan } from "../engine/whatIfPlan.ts";
import { rulesText } from "../output/rulesText.ts";
import { writeJson, writeTo } from "../output/streams.ts";
import { writeWholeFile } from "../output/writeFile.ts";
import type { DefineCommand } from "./all.ts";
import { addPlanDiff, showDiff } from "./planDiff.ts";
import { addPlanLock } from "./planLock.ts";

interface PlanFlags extends Omit<PlanInputFlags, "rules">, DocumentFlags {
  readonly rules?: RulesFlag;
  readonly rulesAs?: RulesFormat;
  readonly rulesSchema?: true;
  readonly over?: readonly string[];
  readonly whatIf?: readonly string[];
  readonly ggmlDump?: true;
  readonly output?: string;
}

export const plan: DefineCommand = (command, context) => {
  addDocumentOptions(
    addPlanOptions(
      command.description(
        "Shows where every weight and cache lives and where every operation runs, by which rule, and what memory that takes, to the byte. " +
          "No weight is read.",
      ),
    ),
  )
    .option(
      "-o, --output <FILE>",
      "write to a file instead of standard output; it is either whole or not there",
    )
    .addOption(
      new Option(
        "--rules-as <FORMAT>",
        "print the rules in force as a rule file or as the builder's TypeScript",
      ).choices(rulesFormats),
    )
    .option("--rules-schema", "print the JSON Schema of rule files")
    .addOption(
      repeatable(
        new Option(
          "--over <SIZE=FROM..TO>",
          "print every size of step (tokens, context, sequences) at which a node changes its device, kernel or lowering, and why; may be repeated",
        ),
      ),
    )
    .addOption(
      repeatable(
        new Option(
          "--what-if <CHANGE>",
          "show what a change would do: cuda:0.memory=16GiB, cpu.bandwidth=200GB/s, cpu~cuda:0.bandwidth=25GB/s, context=8192, 'rule+={…}', 'rule-=NAME', '-ngl 20'; may be repeated",
        ),
      ),
    )
    .option(
      "--ggml-dump",
      "with --policy ggml: print the graphs as ggml's scheduler lists them: S split device inputs, N node op name size device",
    )
    .addHelpText(
      "after",
      "\nExamples:\n  tensorplan plan -m model.gguf\n  tensorplan plan -m model.gguf --cpu-devices 2 -ot 'exps=cpu:1' --phase decode\n" +
        "  tensorplan plan -m model.gguf --json > plan.json\n  tensorplan plan -m model.gguf -ngl 20 --html -o plan.html\n" +
        "  tensorplan plan --arch deepseek-r1 --type iq4_nl --devices rtx4080 -ngl 99 -ot exps=CPU\n  tensorplan plan -m model.gguf -ngl 20 --rules\n" +
        "  tensorplan plan -m model.gguf --what-if cuda:0.memory=16GiB --what-if '-ngl 20'\n" +
        "  tensorplan plan -m model.gguf --over tokens=1..2048 --over context=0..16384",
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
      if (flags.whatIf !== undefined) {
        onlyRules(flags, "--what-if");
        return answer(inputs, flags.whatIf, command, context);
      }
      const planned = await anyPlan(inputs, context);
      if (rules?.list || flags.rulesAs !== undefined) {
        return writeTo(context.stdout, rulesText(planned.plan, flags));
      }
      const text = await planDocument(planned.plan, flags);
      if (flags.output === undefined) return writeTo(context.stdout, text);
      await writeWholeFile(flags.output, async (file) => void (await file.write(text)), context.signal);
    });
  rulesMayStandAlone(command);
  // What stands behind the name of a command of its own belongs to that command.
  command.enablePositionalOptions().helpCommand(false);
  addPlanDiff(command, context);
  addPlanLock(command, context);
};

/** The differences that the changes would make; where the plan doesn't fit as it is, the changed plan. */
async function answer(
  flags: PlanInputFlags & DocumentFlags,
  changes: readonly string[],
  command: Command,
  context: CliContext,
): Promise<void> {
  const { before, after } = await whatIfPlan(flags, changes, command, context);
  const changed = changes.join(" ");
  if (before !== undefined) {
    const sides = [
      { plan: before, name: "as it is" },
      { plan: after, name: changed },
    ] as const;
    await showDiff(...sides, flags.json === true, context);
  } else if (flags.json === true) await writeTo(context.stdout, `${planToJson(after)}\n`);
  else await writeTo(context.stdout, `with ${changed}:\n${formatPlanSummary(after)}\n`);
}
