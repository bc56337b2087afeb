import { lockToJson, planHash } from "@tensorplan/scheduler";
import type { Command } from "commander";
import { addPlanOptions, type PlanFlags } from "../args/planOptions.ts";
import type { CliContext } from "../cliContext.ts";
import { LOCK_FILE } from "../engine/lockFile.ts";
import { planFlags } from "../engine/planInputs.ts";
import { writeJson, writeTo } from "../output/streams.ts";
import { writeWholeFile } from "../output/writeFile.ts";

interface LockFlags extends PlanFlags {
  readonly output: string;
  readonly json?: true;
}

/** `plan lock`: writes the plan down, for runs to be held to. */
export function addPlanLock(parent: Command, context: CliContext): void {
  addPlanOptions(
    parent
      .command("lock")
      .summary("write the plan down, for runs to be held to")
      .description(
        `Writes the plan that the flags give to ${LOCK_FILE}. Every \`tensorplan run\` in that folder whose plan differs stops and shows ` +
          "the differences: another model, other flags, another machine, or another version of Tensorplan that decides differently.",
      ),
  )
    .option("-o, --output <FILE>", "where to write it", LOCK_FILE)
    .option("--json", "say as JSON what was written")
    .addHelpText(
      "after",
      `\nExamples:\n  tensorplan plan lock -m model.gguf -ngl 20\n  tensorplan run -m model.gguf -ngl 20 -p "Once"\n  tensorplan plan diff ${LOCK_FILE} -m model.gguf -ngl 21`,
    )
    .action(async (flags: LockFlags) => {
      const { plan } = await planFlags(flags, context);
      const write = async (file: { write(text: string): Promise<unknown> }) =>
        void (await file.write(lockToJson(plan)));
      await writeWholeFile(flags.output, write, context.signal);
      const hash = planHash(plan);
      if (flags.json) return writeJson(context.stdout, { file: flags.output, plan: hash });
      await writeTo(context.stdout, `${flags.output}: plan ${hash.slice(0, 12)} of ${plan.graph.name}\n`);
    });
}
