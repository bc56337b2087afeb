import { ggmlPlan } from "@tensorplan/ggml-policy";
import type { PlannedModel } from "@tensorplan/runtime";
import type { PlanFlags } from "../args/planOptions.ts";
import type { CliContext } from "../cliContext.ts";
import { emulateFlags, refuseGgmlFlags } from "./ggmlInputs.ts";
import { planFlags } from "./planInputs.ts";

/** A plan, with what it was made of where rules made it. */
export type AnyPlan = Pick<PlannedModel, "plan"> & Partial<Pick<PlannedModel, "input">>;

/** The plan that the flags ask for, by whom `--policy` says. @throws TensorplanError `cli/policy-flag`, and what either policy throws */
export async function anyPlan(flags: PlanFlags, context: CliContext): Promise<AnyPlan> {
  if (flags.policy !== "ggml") {
    refuseGgmlFlags(flags);
    return planFlags(flags, context);
  }
  const { emulation, machine } = await emulateFlags(flags);
  return { plan: ggmlPlan(emulation, machine) };
}
