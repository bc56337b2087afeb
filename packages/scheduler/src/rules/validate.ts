import { TensorplanError } from "@tensorplan/ir";
import { match } from "ts-pattern";
import { type Action, actionKind, printOrigin, type Range, type Rule, type Selector } from "./rule.ts";
import { nestedSelectors, sizeRanges } from "./selector.ts";
import { dimName } from "./sizeSelectors.ts";

const refuse = (rule: Rule, code: string, message: string, hint: string): never => {
  throw new TensorplanError({
    code,
    message: `rule '${rule.name}' (${printOrigin(rule.origin)}) ${message}`,
    hint,
    details: { rule: rule.name },
  });
};

/** Devices that a rule's action names. */
const devicesOf = (rule: Rule): readonly string[] => {
  const action = rule.do;
  if ("store" in action) return [action.store];
  if ("place" in action) return [action.place];
  if ("prefer" in action) return action.prefer;
  if ("replicate" in action) return action.replicate;
  if ("stream" in action) return action.stream;
  return "shard" in action ? action.shard.devices : [];
};

function checkSelector(rule: Rule, selector: Selector): void {
  const ranges: readonly (readonly [string, Range])[] = [
    ...sizeRanges(selector),
    ...(selector.layer === undefined ? [] : [["layer", selector.layer] as const]),
    ...Object.entries(selector.shape ?? {}),
    ...Object.entries(selector.dims ?? {}),
  ];
  const misnamed = Object.keys(selector.dims ?? {}).find((name) => !dimName.test(name));
  if (misnamed !== undefined) {
    refuse(
      rule,
      "rules/dimension",
      `asks for '${misnamed}', which names no dimension`,
      "write operand.N, operand.-N, operand.rows or operand.rank, such as x.-1",
    );
  }
  for (const [field, { atLeast = 0, below = Number.MAX_SAFE_INTEGER }] of ranges) {
    if (!Number.isSafeInteger(atLeast) || !Number.isSafeInteger(below) || atLeast < 0 || below <= atLeast) {
      refuse(
        rule,
        "rules/empty-range",
        `asks for ${field} from ${atLeast} to below ${below}, which no number is`,
        "give whole numbers, atLeast smaller than below",
      );
    }
  }
}

function checkStore(rule: Rule, selector: Selector): void {
  const fields = ["op", "path", "dims"].filter((field) => field in selector);
  if (fields.length > 0 || sizeRanges(selector).length > 0) {
    refuse(
      rule,
      "rules/store-selector",
      `says where weights live, but selects by ${[...fields, ...sizeRanges(selector).map(([dim]) => dim)].join(" and ")}`,
      "residence is one table for all steps: select by weight, state, kind, layer, dtype or shape",
    );
  }
}

function checkStream(rule: Rule, { kind }: Selector): void {
  if (kind === undefined || kind === "node") return;
  refuse(
    rule,
    "rules/stream-selector",
    `brings weights to the nodes that read them, but asks for a ${kind === "state" ? "cache" : kind}`,
    "leave `kind` out: select nodes by the weights that they read, by op, path, layer, phase or sizes",
  );
}

function checkShard(rule: Rule, { kind }: Selector): void {
  const { devices, shares } = (rule.do as Extract<Action, { readonly shard: object }>).shard;
  if (kind !== undefined && kind !== "weight") {
    refuse(
      rule,
      "rules/shard-selector",
      `cuts weights, but asks for a ${kind === "state" ? "cache" : kind}`,
      "select weights by name, layer, dtype or shape; the nodes that read them follow",
    );
  }
  if (devices.length < 2 || new Set(devices).size < devices.length) {
    refuse(
      rule,
      "rules/shard-devices",
      `cuts weights over ${devices.join(", ")}`,
      "name two or more devices, each once: every device gets one part",
    );
  }
  if (shares !== undefined && (shares.length !== devices.length || shares.some((share) => !(share > 0)))) {
    refuse(
      rule,
      "rules/shard-shares",
      `gives ${devices.length} devices the shares ${shares.join(", ")}`,
      "give each device one share above 0, or leave shares out for equal parts",
    );
  }
}

/**
 * Checks the rules among themselves and against the devices.
 *
 * @throws TensorplanError `rules/duplicate-name`, `rules/unknown-device`, `rules/deferred`, `rules/store-selector`,
 * `rules/stream-selector`, `rules/shard-selector`, `rules/shard-devices`, `rules/shard-shares`, `rules/empty-range`, `rules/dimension`
 */
export function validateRules(rules: readonly Rule[], devices: readonly string[]): void {
  const names = new Set<string>();
  for (const rule of rules) {
    if (names.has(rule.name)) {
      refuse(
        rule,
        "rules/duplicate-name",
        "has the name of an earlier rule",
        "give each rule a name of its own",
      );
    }
    names.add(rule.name);
    for (const device of devicesOf(rule)) {
      if (!devices.includes(device)) {
        refuse(
          rule,
          "rules/unknown-device",
          `names the device '${device}', which isn't there`,
          `the devices are: ${devices.join(", ")}`,
        );
      }
    }
    const nested = nestedSelectors(rule.when);
    for (const selector of nested) checkSelector(rule, selector);
    match(actionKind(rule.do))
      .with("store", "map", "replicate", () => {
        for (const selector of nested) checkStore(rule, selector);
      })
      .with("stream", () => {
        for (const selector of nested) checkStream(rule, selector);
      })
      .with("shard", () => {
        for (const selector of nested) {
          checkStore(rule, selector);
          checkShard(rule, selector);
        }
      })
      .with("optimise", () =>
        refuse(
          rule,
          "rules/deferred",
          "asks to optimise where only rules that decide by themselves can stand",
          "plan with it (plan() and tensorplan plan solve it first)",
        ),
      )
      .with("place", "prefer", "follow", "lower", "transfer", () => {})
      .exhaustive();
  }
}
