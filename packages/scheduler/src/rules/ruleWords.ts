import type { Action, FollowTarget, Pattern, Selector } from "./rule.ts";
import { shapeFields } from "./rule.ts";
import { printPattern, sizeRanges } from "./selector.ts";
import { printRange } from "./sizeSelectors.ts";

const either = (one: string | readonly string[]): string =>
  typeof one === "string" ? one : one.join(" or ");

const kinds = { weight: "weights only", state: "caches only", node: "nodes only" } as const;

const sizeNames = {
  tokensPerSequence: "new tokens per sequence",
  tokens: "tokens",
  context: "context",
  sequences: "sequences",
} as const;

const named = (what: string, pattern: Pattern | undefined): readonly string[] =>
  pattern === undefined ? [] : [`${what} ${printPattern(pattern)}`];

function conditions(selector: Selector): readonly string[] {
  const { op, path, weight, state, kind, layer, dtype, shape, dims, phase, and, or, not } = selector;
  return [
    ...(kind === undefined ? [] : [kinds[kind]]),
    ...(op === undefined ? [] : [either(op)]),
    ...named("path", path),
    ...named("weight", weight),
    ...named("cache", state),
    ...(layer === undefined ? [] : [`layer ${printRange(layer)}`]),
    ...(dtype === undefined ? [] : [`stored as ${either(dtype)}`]),
    ...shapeFields.flatMap((field) => {
      const range = shape?.[field];
      return range === undefined ? [] : [`${field} ${printRange(range)}`];
    }),
    ...Object.entries(dims ?? {}).map(([name, range]) => `${name} ${printRange(range)}`),
    ...(phase === undefined ? [] : [phase]),
    ...sizeRanges({ ...selector, ...(phase === undefined ? {} : { phase: undefined }) } as Selector).map(
      ([dim, range]) => `${sizeNames[dim]} ${printRange(range)}`,
    ),
    ...(and ?? []).map(describeSelector),
    ...(or === undefined ? [] : [`(${or.map(describeSelector).join(" or ")})`]),
    ...(not === undefined ? [] : [`not (${describeSelector(not)})`]),
  ];
}

/** What a selector speaks of, in words: `moe, layer 3 to 60, decode`. */
export const describeSelector = (selector: Selector): string =>
  conditions(selector).join(", ") || "everything";

const followed = (target: FollowTarget): string => {
  if (target === "weight") return "where its weight lives";
  if (target === "state") return "where its cache lives";
  if (target === "latest") return "with its newest operand";
  if (target === "consumers") return "with what reads it";
  return "operand" in target ? `with its operand ${target.operand}` : `with ${target.value}`;
};

/** What a rule does, in words: `on cuda:0`, `flash or naive`, `where its weight lives`. */
export function describeAction(action: Action): string {
  if ("store" in action)
    return `on ${action.store}${action.layout === undefined ? "" : ` as ${action.layout}`}`;
  if ("place" in action) return `on ${action.place}`;
  if ("prefer" in action) return `on ${either(action.prefer)}`;
  if ("follow" in action) return followed(action.follow);
  if ("lower" in action) return action.lower === "*" ? "any way that works" : either(action.lower);
  if ("map" in action) return "used where they lie in the file";
  if ("replicate" in action) return `also on ${action.replicate.join(", ")}`;
  if ("transfer" in action) return `${action.transfer} may be copied`;
  if ("stream" in action) {
    const when = action.above === undefined ? "" : " above break-even";
    return `on ${either(action.stream)}, weights copied in each step${when}`;
  }
  if ("shard" in action) {
    const { axis, devices, shares } = action.shard;
    return `axis ${axis} over ${devices.join(", ")}${shares === undefined ? "" : ` in shares ${shares.join(":")}`}`;
  }
  return action.optimise;
}
