import { match, P } from "ts-pattern";
import type { Rule } from "../rule.ts";

const identifier = /^[A-Za-z_$][\w$]*$/;

/** A plain value as TypeScript writes it, members sorted, so that equal rules have equal texts. */
function literal(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(literal).join(", ")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  const members = entries.map(
    ([key, member]) => `${identifier.test(key) ? key : JSON.stringify(key)}: ${literal(member)}`,
  );
  return members.length === 0 ? "{}" : `{ ${members.join(", ")} }`;
}

/** The builder's method for an action, its arguments behind name and selector, and what goes to the options. */
const call = (action: Rule["do"]): readonly [method: string, args: readonly unknown[], options?: object] =>
  match(action)
    .returnType<readonly [string, readonly unknown[], object?]>()
    .with({ store: P.string }, ({ store, ...layout }) => ["store", [store], layout])
    .with({ place: P.string }, ({ place }) => ["place", [place]])
    .with({ prefer: P._ }, ({ prefer }) => ["prefer", [prefer]])
    .with({ follow: P._ }, ({ follow }) => ["follow", [follow]])
    .with({ lower: P._ }, ({ lower }) => ["lower", [lower]])
    .with({ map: P.string }, () => ["map", []])
    .with({ replicate: P._ }, ({ replicate }) => ["replicate", [replicate]])
    .with({ transfer: P.string }, () => ["transfer", []])
    .with({ stream: P._ }, ({ stream, ...above }) => ["stream", [stream], above])
    .with({ shard: P._ }, ({ shard: { axis, devices, ...shares } }) => ["shard", [axis, devices], shares])
    .with({ optimise: P.string }, ({ optimise }) => ["optimise", [optimise]])
    .exhaustive();

function line(rule: Rule): string {
  const { name, when, do: action, else: otherwise, origin, ...rest } = rule;
  const [method, args, more = {}] = call(action);
  const options = {
    ...more,
    ...(otherwise === "error" ? {} : { else: otherwise }),
    ...rest,
    ...(origin.kind === "api" ? {} : { origin }),
  };
  const all = [name, when, ...args, ...(Object.keys(options).length === 0 ? [] : [options])];
  return `.${method}(${all.map(literal).join(", ")})`;
}

/** The builder's expression whose `list` is these rules. */
export const rulesExpression = (list: readonly Rule[], devices: readonly string[]): string =>
  [`rules(${literal(devices)})`, ...list.map((rule) => `  ${line(rule)}`)].join("\n");

/** A TypeScript module that exports the rules as a list made with the builder. */
export const rulesToTypeScript = (list: readonly Rule[], devices: readonly string[]): string =>
  `import { rules } from "@tensorplan/scheduler";\n\nexport default ${rulesExpression(list, devices)}\n  .list;\n`;
