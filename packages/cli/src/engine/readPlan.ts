import { type Plan, planFromJson } from "@tensorplan/scheduler";
import { readTextFile } from "../args/textFile.ts";
import type { CliContext } from "../cliContext.ts";

/** A plan from a file that `plan --json` wrote; `-` is standard input. @throws TensorplanError `plan/file`, `plan/schema`, `cli/unreadable` */
export async function readPlan(path: string, context: CliContext): Promise<Plan> {
  return planFromJson(await readTextFile(path, context));
}
