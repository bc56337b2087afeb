import { lockFromJson, looksLikeLock, type Plan, planFromJson } from "@tensorplan/scheduler";
import { readTextFile } from "../args/textFile.ts";
import type { CliContext } from "../cliContext.ts";

/**
 * A plan from a file that `plan --json` or `plan lock` wrote; `-` is standard input.
 *
 * @throws TensorplanError `plan/file`, `plan/schema`, `lock/…`, `cli/unreadable`
 */
export async function readPlan(path: string, context: CliContext): Promise<Plan> {
  const text = await readTextFile(path, context);
  return looksLikeLock(text) ? lockFromJson(text, path) : planFromJson(text);
}
