import { type DType, dtypeNames, TensorplanError } from "@tensorplan/ir";
import { z } from "zod";
import type { Rule, RuleOrigin, Selector } from "./rule.ts";
import { dimName } from "./sizeSelectors.ts";

export const RULES_SCHEMA = "tensorplan.rules/1";

const count = z.int().nonnegative();
const range = z.strictObject({ atLeast: count.exactOptional(), below: count.exactOptional() });
const pattern = z.union([z.string().min(1), z.strictObject({ regex: z.string().min(1) })]);
const names = z.union([z.string().min(1), z.array(z.string().min(1)).min(1)]);
const device = z.string().min(1);
const dtype = z.custom<DType>((value) => (dtypeNames as readonly unknown[]).includes(value), {
  error: `expected an element type: ${dtypeNames.join(", ")}`,
});

const selector: z.ZodType<Selector> = z.lazy(() =>
  z.strictObject({
    op: names.exactOptional(),
    path: pattern.exactOptional(),
    weight: pattern.exactOptional(),
    state: pattern.exactOptional(),
    kind: z.enum(["weight", "state", "node"]).exactOptional(),
    layer: range.exactOptional(),
    dtype: z.union([dtype, z.array(dtype).min(1)]).exactOptional(),
    shape: z
      .strictObject({
        rows: range.exactOptional(),
        columns: range.exactOptional(),
        elements: range.exactOptional(),
        bytes: range.exactOptional(),
      })
      .exactOptional(),
    dims: z.record(z.string().regex(dimName), range).exactOptional(),
    phase: z.enum(["decode", "prefill"]).exactOptional(),
    tokensPerSequence: range.exactOptional(),
    tokens: range.exactOptional(),
    context: range.exactOptional(),
    sequences: range.exactOptional(),
    and: z.array(selector).exactOptional(),
    or: z.array(selector).min(1).exactOptional(),
    not: selector.exactOptional(),
  }),
);

const action = z.union([
  z.strictObject({ store: device, layout: z.string().min(1).exactOptional() }),
  z.strictObject({ place: device }),
  z.strictObject({ prefer: z.array(device).min(1) }),
  z.strictObject({
    follow: z.union([
      z.enum(["weight", "state", "latest", "consumers"]),
      z.strictObject({ operand: z.string().min(1) }),
      z.strictObject({ value: z.string().min(1) }),
    ]),
  }),
  z.strictObject({ lower: names }),
  z.strictObject({ map: z.literal("file") }),
  z.strictObject({ replicate: z.array(device).min(1) }),
  z.strictObject({ transfer: z.literal("activations") }),
  z.strictObject({ stream: z.array(device).min(1) }),
  z.strictObject({ shard: z.strictObject({ axis: z.string().min(1), devices: z.array(device).min(1) }) }),
  z.strictObject({ optimise: z.string().min(1) }),
]);

const ruleShape = z.strictObject({
  name: z.string().min(1),
  when: selector,
  do: action,
  else: z.enum(["error", "next"]).exactOptional(),
  why: z.string().exactOptional(),
  fallback: z.boolean().exactOptional(),
  optional: z.boolean().exactOptional(),
});

const fileShape = z.strictObject({ schema: z.literal(RULES_SCHEMA), rules: z.array(ruleShape) });

const wrong = (origin: string, problem: string, cause?: unknown) =>
  new TensorplanError({
    code: "rules/file",
    message: `${origin} isn't a rule file: ${problem}`,
    hint: `write { "schema": "${RULES_SCHEMA}", "rules": [{ "name": …, "when": { … }, "do": { "place": "cpu" } }] }`,
    cause,
  });

/** The most telling of the problems: an unknown action fails every branch of a union, and the deepest branch came closest. */
function deepest(issues: readonly z.core.$ZodIssue[]): {
  readonly path: readonly PropertyKey[];
  readonly message: string;
} {
  let best: { path: readonly PropertyKey[]; message: string } = { path: [], message: "invalid" };
  const visit = (list: readonly z.core.$ZodIssue[], prefix: readonly PropertyKey[]): void => {
    for (const issue of list) {
      const path = [...prefix, ...issue.path];
      if (path.length >= best.path.length) best = { path, message: issue.message };
      if (issue.code === "invalid_union") for (const branch of issue.errors) visit(branch, path);
    }
  };
  visit(issues, []);
  return best;
}

/**
 * Reads the text of a rule file. Rules without `else` stop with an error when they can't be obeyed.
 *
 * @throws TensorplanError `rules/file`, which names the place in the file
 */
export function rulesFromJson(text: string, path: string): readonly Rule[] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw wrong(path, cause instanceof Error ? cause.message : "not JSON", cause);
  }
  const parsed = fileShape.safeParse(value);
  if (!parsed.success) {
    const { path: at, message } = deepest(parsed.error.issues);
    throw wrong(path, `${at.length === 0 ? "" : `${at.join(".")}: `}${message}`, parsed.error);
  }
  const origin: RuleOrigin = { kind: "file", path };
  return parsed.data.rules.map((rule) => ({ else: "error", ...rule, origin }));
}

/** The rule file that `rulesFromJson` reads back as these rules, origins aside. */
export function rulesToJson(rules: readonly Rule[]): string {
  const listed = rules.map((rule) =>
    Object.fromEntries(Object.entries(rule).filter(([field]) => field !== "origin")),
  );
  return `${JSON.stringify({ schema: RULES_SCHEMA, rules: listed }, null, 2)}\n`;
}
