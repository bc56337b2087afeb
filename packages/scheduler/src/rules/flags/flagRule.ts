import { TensorplanError } from "@tensorplan/ir";
import type { Rule } from "../rule.ts";

/** A rule that a flag stands for. It must be obeyed; `text`: the flag as typed, by which all rules of one flag are judged together. */
export const flagRule = (
  text: string,
  rule: Omit<Rule, "origin" | "else"> & Partial<Pick<Rule, "else">>,
): Rule => ({
  else: "error",
  ...rule,
  origin: { kind: "flag", text },
});

/** @throws TensorplanError `flags/no-effect` */
export function noEffect(flag: string, why: string, hint: string): never {
  throw new TensorplanError({ code: "flags/no-effect", message: `${flag} has no effect: ${why}`, hint });
}
