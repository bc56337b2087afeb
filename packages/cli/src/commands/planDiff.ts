import { diffPlans, formatPlanDiff, type Plan } from "@tensorplan/scheduler";
import type { Command } from "commander";
import { addPlanOptions, type PlanFlags } from "../args/planOptions.ts";
import { addTwoSides, type Side } from "../args/twoSides.ts";
import type { CliContext } from "../cliContext.ts";
import { anyPlan } from "../engine/anyPlan.ts";
import { readPlan } from "../engine/readPlan.ts";
import { ExitStatus } from "../exitStatus.ts";
import { reportError } from "../output/reportError.ts";
import { writeJson, writeTo } from "../output/streams.ts";

/** As `diff` has them. */
const DIFFERENT = 1;
const TROUBLE = 2;

interface DiffFlags extends PlanFlags {
  readonly json?: true;
}

interface Named {
  readonly plan: Plan;
  readonly name: string;
}

const fromFile = async (path: string, context: CliContext): Promise<Named> => ({
  plan: await readPlan(path, context),
  name: path,
});

const fromFlags = async ({ flags, words }: Side<DiffFlags>, context: CliContext): Promise<Named> => ({
  plan: (await anyPlan(flags, context)).plan,
  name: words === "" ? "the flags given" : words,
});

/** `plan diff`: two plan files, a plan file and flags, or two sets of flags. */
export function addPlanDiff(parent: Command, context: CliContext): void {
  const command = parent
    .command("diff")
    .summary("compare two plans")
    .description(
      "Compares two plans: which weights, caches and nodes moved and by which rule, kernels and lowerings that changed, memory of each " +
        "device, splits and copies. Exits with 0 where the plans are the same, 1 where they differ, 2 where they can't be compared.",
    )
    .argument(
      "[PLANS...]",
      "plan files; with one, it is compared with what the flags give; with none, two sides of flags are",
    );
  const sides = addTwoSides<DiffFlags>(command, addPlanOptions);
  command
    .option("--json", "print the differences as JSON")
    .addHelpText(
      "after",
      "\nAn option that is given twice has its first value on one side and its second on the other; --a and --b add flags to one side." +
        "\n\nExamples:\n  tensorplan plan diff before.json after.json\n  tensorplan plan diff -m model.gguf -ngl 10 -ngl 20" +
        "\n  tensorplan plan diff -m old.gguf -m new.gguf\n  tensorplan plan diff --cpu-devices 2 --b '-ot exps=cpu:1'" +
        "\n  tensorplan plan diff before.json -m model.gguf -ngl 20" +
        "\n  tensorplan plan diff --policy ggml --policy rules --arch deepseek-v2-lite --type iq4_nl --devices h100 -ngl 99 -ot exps=CPU",
    )
    .action(async (files: readonly string[]) => {
      const { a, b } = sides.of();
      if (files.length > 2) command.error(`error: ${files.length} plans are named, and two can be compared`);
      const unused = command.options.filter(
        (option) =>
          option.long !== "--json" && command.getOptionValueSource(option.attributeName()) === "cli",
      );
      if (files.length === 2 && unused.length > 0) {
        command.error(`error: ${unused[0]?.long} has no effect on two plan files`);
      }
      let same: boolean;
      try {
        const [first, second] = await pair(files, a, b, context);
        same = await showDiff(first, second, a.flags.json === true, context);
      } catch (error) {
        await reportError(error, context);
        throw new ExitStatus(TROUBLE);
      }
      if (!same) throw new ExitStatus(DIFFERENT);
    });
}

async function pair(
  [first, second]: readonly string[],
  a: Side<DiffFlags>,
  b: Side<DiffFlags>,
  context: CliContext,
): Promise<readonly [Named, Named]> {
  if (first === undefined) return [await fromFlags(a, context), await fromFlags(b, context)];
  const named = await fromFile(first, context);
  return [named, second === undefined ? await fromFlags(b, context) : await fromFile(second, context)];
}

/** Prints what differs; whether nothing does. */
export async function showDiff(a: Named, b: Named, json: boolean, { stdout }: CliContext): Promise<boolean> {
  const diff = diffPlans(a.plan, b.plan);
  if (json) await writeJson(stdout, diff);
  else await writeTo(stdout, `${formatPlanDiff(diff, { a: a.name, b: b.name })}\n`);
  return diff.same;
}
