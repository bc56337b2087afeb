import { TensorplanError } from "@tensorplan/ir";
import type { Plan, PlanVariant } from "../plan/plan.ts";
import { variantOfPhase } from "./formatPlanTable.ts";

/** Which steps a question is about; nothing: all of them. */
export interface VariantChoice {
  readonly phase?: "decode" | "prefill" | undefined;
  /** A variant's id. */
  readonly variant?: string | undefined;
}

/** @throws TensorplanError `plan/no-variant` for an id that the plan doesn't have, `explain/two-choices` */
export function chooseVariants(plan: Plan, { phase, variant }: VariantChoice): readonly PlanVariant[] {
  if (phase !== undefined && variant !== undefined) {
    throw new TensorplanError({
      code: "explain/two-choices",
      message: `both the phase ${phase} and the variant ${variant} were asked for`,
      hint: "ask for one of them",
    });
  }
  if (phase !== undefined) return [variantOfPhase(plan, phase)];
  if (variant === undefined) return plan.variants;
  const found = plan.variants.find(({ id }) => id === variant);
  if (found !== undefined) return [found];
  throw new TensorplanError({
    code: "plan/no-variant",
    message: `the plan has no variant '${variant}'`,
    hint: `its variants are: ${plan.variants.map(({ id }) => id).join(", ")}`,
  });
}

/** `decode and prefill`; each variant's sentence is said once for all that share it. */
export interface ForVariants<T> {
  readonly variants: readonly string[];
  readonly answer: T;
}

/** Answers of several variants, equal ones said once. `key` tells answers apart. */
export function perVariants<T>(
  variants: readonly PlanVariant[],
  answerOf: (variant: PlanVariant) => T | undefined,
  key: (answer: T) => string,
): readonly ForVariants<T>[] {
  const groups = new Map<string, { readonly variants: string[]; readonly answer: T }>();
  for (const variant of variants) {
    const answer = answerOf(variant);
    if (answer === undefined) continue;
    const group = groups.get(key(answer));
    if (group === undefined) groups.set(key(answer), { variants: [variant.id], answer });
    else group.variants.push(variant.id);
  }
  return [...groups.values()];
}
