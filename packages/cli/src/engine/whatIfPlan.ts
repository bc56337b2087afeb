import { TensorplanError } from "@tensorplan/ir";
import { preparePlan } from "@tensorplan/runtime";
import { type Plan, plan } from "@tensorplan/scheduler";
import type { Command } from "commander";
import { addPlanOptions, type PlanFlags } from "../args/planOptions.ts";
import { overlayFlags } from "../args/twoSides.ts";
import { parseChange } from "../args/whatIf.ts";
import type { CliContext } from "../cliContext.ts";
import { reportError } from "../output/reportError.ts";
import { planInputs } from "./planInputs.ts";

/** The plan as the flags have it, and with the changes. */
export interface WhatIf {
  /** Absent where it doesn't fit: the error was reported. */
  readonly before: Plan | undefined;
  readonly after: Plan;
}

/** @throws TensorplanError for changes that can't be made, and where the changed plan can't be made */
export async function whatIfPlan(
  flags: PlanFlags,
  texts: readonly string[],
  command: Command,
  context: CliContext,
): Promise<WhatIf> {
  const changes = texts.map(parseChange);
  let changedFlags = flags;
  for (const change of changes) {
    if (change.kind === "flags")
      changedFlags = overlayFlags(changedFlags, change.words, addPlanOptions, command);
  }
  let { input } = await preparePlan(await planInputs(changedFlags, context));
  for (const change of changes) if (change.kind === "input") input = change.apply(input);
  const after = plan(input);
  return { before: await planBefore(flags, context), after };
}

/** What doesn't fit as it is may well be the reason for asking. */
async function planBefore(flags: PlanFlags, context: CliContext): Promise<Plan | undefined> {
  const { input } = await preparePlan(await planInputs(flags, context));
  try {
    return plan(input);
  } catch (error) {
    if (!(error instanceof TensorplanError) || error.code !== "memory/over-budget") throw error;
    await reportError(error, context);
    return undefined;
  }
}
