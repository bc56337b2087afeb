import { TensorplanError } from "@tensorplan/ir";
import { isMap, isNode, LineCounter, type Pair, parseDocument } from "yaml";
import type { z } from "zod";
import type { Rule, RuleOrigin } from "../rule.ts";
import { actionForms, RULES_SCHEMA, ruleFile } from "./ruleSchema.ts";

type Path = readonly PropertyKey[];

interface Problem {
  readonly path: Path;
  /** A member of the object at the path that shouldn't be there. */
  readonly key?: string;
  readonly message: string;
}

const actionNames = Object.keys(actionForms);

const at = (value: unknown, path: Path): unknown =>
  path.reduce<unknown>(
    (inner, key) =>
      typeof inner === "object" && inner !== null
        ? (inner as Readonly<Record<PropertyKey, unknown>>)[key]
        : undefined,
    value,
  );

/** What is wrong with a `do`: the form of the one action that it names says most. */
function actionProblem(value: unknown, path: Path): Problem {
  const members = typeof value === "object" && value !== null ? Object.keys(value) : [];
  const named = actionNames.filter((name) => members.includes(name));
  const [name] = named;
  if (name === undefined || named.length > 1) {
    return { path, message: `expected one action of ${actionNames.join(", ")}` };
  }
  const parsed = actionForms[name as keyof typeof actionForms].safeParse(value);
  return parsed.success ? { path, message: "invalid" } : worst(parsed.error.issues, value, path);
}

/** The most telling of the problems: of a union the branch that came furthest. */
function worst(issues: readonly z.core.$ZodIssue[], value: unknown, prefix: Path = []): Problem {
  const problems = issues.map((issue): Problem => {
    const path = [...prefix, ...issue.path];
    if (issue.code === "unrecognized_keys") {
      const [key = ""] = issue.keys;
      return { path, key, message: `there is no field '${key}'` };
    }
    if (issue.code === "invalid_key") {
      const key = String(path.at(-1));
      return {
        path: path.slice(0, -1),
        key,
        message: `'${key}' names no dimension: write x.-1, x.0, x.rows or x.rank`,
      };
    }
    if (issue.code !== "invalid_union") return { path, message: issue.message };
    const here = at(value, issue.path);
    if (path.at(-1) === "do") return actionProblem(here, path);
    return issue.errors
      .map((branch) => worst(branch, here, path))
      .reduce((best, each) => (each.path.length > best.path.length ? each : best), {
        path,
        message: issue.message,
      });
  });
  return problems.reduce((best, each) => (each.path.length > best.path.length ? each : best));
}

const printPath = (path: Path): string => path.map(String).join(".");

const wrong = (path: string, place: string, problem: string, cause?: unknown) =>
  new TensorplanError({
    code: "rules/file",
    message: `${path}${place}: ${problem}`,
    hint: `a rule file is JSON or YAML: { "schema": "${RULES_SCHEMA}", "rules": [{ "name": …, "when": { … }, "do": { "place": "cpu" } }] }; \`tensorplan plan --rules-schema\` prints its form`,
    cause,
  });

/**
 * Reads the text of a rule file, JSON or YAML. Rules without `else` stop with an error when they can't be obeyed; rules without `origin`
 * come from this file.
 *
 * @param path names the file in messages and origins
 * @throws TensorplanError `rules/file`, which names line and column
 */
export function rulesFromText(text: string, path: string): readonly Rule[] {
  const lineCounter = new LineCounter();
  const document = parseDocument(text, { lineCounter, prettyErrors: false });
  const placeOf = (offset: number): string => {
    const { line, col } = lineCounter.linePos(offset);
    return `:${line}:${col}`;
  };
  const [syntax] = document.errors;
  if (syntax !== undefined) throw wrong(path, placeOf(syntax.pos[0]), syntax.message, syntax);

  let value: unknown;
  try {
    value = document.toJS();
  } catch (cause) {
    // Aliases that would unfold into too much.
    throw wrong(path, "", cause instanceof Error ? cause.message : String(cause), cause);
  }
  const parsed = ruleFile.safeParse(value);
  if (!parsed.success) {
    const problem = worst(parsed.error.issues, value);
    const offset = offsetOf(document.contents, problem);
    const where = problem.path.length === 0 ? "" : `${printPath(problem.path)}: `;
    throw wrong(
      path,
      offset === undefined ? "" : placeOf(offset),
      `${where}${problem.message}`,
      parsed.error,
    );
  }
  const own: RuleOrigin = { kind: "file", path };
  return parsed.data.rules.map(({ origin = own, else: otherwise = "error", ...rule }) => ({
    ...rule,
    else: otherwise,
    origin,
  }));
}

/** Where in the text a problem lies: its key, its value, or the innermost part of its path that is there. */
function offsetOf(contents: unknown, { path, key }: Problem): number | undefined {
  let node: unknown = contents;
  let found = isNode(node) ? node.range?.[0] : undefined;
  for (const step of path) {
    const inner: unknown =
      typeof node === "object" && node !== null && "get" in node && typeof node.get === "function"
        ? node.get(step, true)
        : undefined;
    if (!isNode(inner)) break;
    node = inner;
    found = inner.range?.[0] ?? found;
  }
  if (key === undefined || !isMap(node)) return found;
  const pair = node.items.find((each: Pair) => String(each.key) === key);
  return isNode(pair?.key) ? (pair.key.range?.[0] ?? found) : found;
}
