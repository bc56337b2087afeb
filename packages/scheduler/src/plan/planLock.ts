import { TensorplanError } from "@tensorplan/ir";
import type { Plan } from "./plan.ts";
import { planFromJson, planHash, planToJson } from "./planJson.ts";

const LOCK_SCHEMA = "tensorplan.lock/1";

/** A lock file: the plan and its hash, one member a line, so that version control shows which one changed. */
export const lockToJson = (plan: Plan): string =>
  `{\n"schema":"${LOCK_SCHEMA}",\n"hash":"${planHash(plan)}",\n"plan":${planToJson(plan)}\n}\n`;

const wrong = (code: string, message: string, hint: string, cause?: unknown) =>
  new TensorplanError({ code, message, hint, cause });

/**
 * The plan that a lock file holds.
 *
 * @param path  what messages call the file
 * @throws TensorplanError `lock/file` for text that isn't a lock, `lock/schema` for one of another version, `lock/edited` where plan and
 * hash don't belong together
 */
export function lockFromJson(text: string, path: string): Plan {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw wrong(
      "lock/file",
      `${path} isn't a lock: it isn't JSON`,
      "make it with `tensorplan plan lock`",
      cause,
    );
  }
  if (!isLock(value)) {
    throw wrong("lock/file", `${path} isn't a lock`, "make it with `tensorplan plan lock`");
  }
  if (value.schema !== LOCK_SCHEMA) {
    throw wrong(
      "lock/schema",
      `${path} is a lock of the version '${value.schema}'; this Tensorplan reads '${LOCK_SCHEMA}'`,
      "use the Tensorplan that wrote it, or lock the plan again with `tensorplan plan lock`",
    );
  }
  const plan = planFromJson(JSON.stringify(value.plan ?? null));
  if (planHash(plan) !== value.hash) {
    throw wrong(
      "lock/edited",
      `${path} was edited: its plan doesn't have the hash that stands in it`,
      "restore it, or lock the plan again with `tensorplan plan lock`",
    );
  }
  return plan;
}

interface Lock {
  readonly schema: string;
  readonly hash?: unknown;
  readonly plan?: unknown;
}

const isLock = (value: unknown): value is Lock =>
  typeof value === "object" &&
  value !== null &&
  "schema" in value &&
  typeof value.schema === "string" &&
  value.schema.startsWith("tensorplan.lock/");

/** Whether a text is a lock file, of any version. */
export const looksLikeLock = (text: string): boolean =>
  /^\s*\{\s*"schema"\s*:\s*"tensorplan\.lock\//.test(text);
