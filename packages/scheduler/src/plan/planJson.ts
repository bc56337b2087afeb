import { createHash } from "node:crypto";
import { canonicalJson, TensorplanError } from "@tensorplan/ir";
import { PLAN_SCHEMA, type Plan } from "./plan.ts";

/** The plan's canonical text: equal plans have equal bytes. */
export const planToJson = (plan: Plan): string => canonicalJson(plan);

/** SHA-256 of the canonical text, hexadecimal. */
export const planHash = (plan: Plan): string => createHash("sha256").update(planToJson(plan)).digest("hex");

const objects = ["graph", "capabilities"] as const;

const lists = [
  "devices",
  "rules",
  "weights",
  "states",
  "inputs",
  "nodes",
  "eligibility",
  "variants",
  "fallbacks",
  "warnings",
] as const;

/**
 * Reads a plan that `planToJson` wrote.
 *
 * @throws TensorplanError `plan/file` for text that isn't a plan, `plan/schema` for a plan of another version
 */
export function planFromJson(text: string): Plan {
  const refuse = (message: string, cause?: unknown): never => {
    throw new TensorplanError({
      code: "plan/file",
      message: `this isn't a plan: ${message}`,
      hint: "write plans with `tensorplan plan --json`, and don't edit them",
      cause,
    });
  };
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    return refuse("it isn't JSON", cause);
  }
  if (typeof value !== "object" || value === null || Array.isArray(value))
    return refuse("it isn't an object");
  const members = value as Readonly<Record<string, unknown>>;
  if (members.schema !== PLAN_SCHEMA) {
    throw new TensorplanError({
      code: "plan/schema",
      message: `the plan's schema is ${JSON.stringify(members.schema ?? null)}; this version reads '${PLAN_SCHEMA}'`,
      hint: "make the plan again with this version",
    });
  }
  const missing = [
    ...objects.filter((name) => typeof members[name] !== "object" || members[name] === null),
    ...lists.filter((name) => !Array.isArray(members[name])),
  ];
  if (missing.length > 0) return refuse(`it lacks ${missing.join(", ")}`);
  return value as Plan;
}
