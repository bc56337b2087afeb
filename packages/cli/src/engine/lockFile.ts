import { access } from "node:fs/promises";
import { TensorplanError } from "@tensorplan/ir";
import { diffPlans, formatPlanDiff, lockFromJson, type Plan, planHash } from "@tensorplan/scheduler";
import { type Command, Option } from "commander";
import { readTextFile } from "../args/textFile.ts";
import type { CliContext } from "../cliContext.ts";
import { writeTo } from "../output/streams.ts";

/** Where a lock stands if no other place is named. */
export const LOCK_FILE = "tensorplan.lock.json";

export interface LockFlags {
  /** A file; `true` for the usual one, which must be there; `false`: no lock; absent: the usual one if it is there. */
  readonly lock?: string | boolean;
}

export const addLockOptions = (command: Command): Command =>
  command
    .addOption(
      new Option(
        "--lock [FILE]",
        `stop with the differences if the plan isn't the one that was locked (default: ${LOCK_FILE} in this folder, where there is one)`,
      ),
    )
    .option("--no-lock", "don't look for a lock");

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );

/**
 * Compares a plan with the lock that the flags name.
 *
 * @throws TensorplanError `lock/differs`, after the differences were written to stderr; `lock/…` for a lock that can't be used
 */
export async function checkLock(plan: Plan, { lock }: LockFlags, context: CliContext): Promise<void> {
  if (lock === false) return;
  const path = typeof lock === "string" ? lock : LOCK_FILE;
  if (lock === undefined && !(await exists(path))) return;
  const locked = lockFromJson(await readTextFile(path, context), path);
  if (planHash(locked) === planHash(plan)) return;
  const diff = diffPlans(locked, plan);
  await writeTo(context.stderr, `${formatPlanDiff(diff, { a: path, b: "this run" })}\n`);
  throw new TensorplanError({
    code: "lock/differs",
    message: `this run's plan isn't the one in ${path}`,
    hint: "lock the new plan (tensorplan plan lock with this run's flags), or leave the lock aside (--no-lock)",
  });
}
