import type { DeviceProfile, Link } from "@tensorplan/backend-api";
import { TensorplanError } from "@tensorplan/ir";
import {
  effectiveRules,
  type PlanInput,
  RULES_SCHEMA,
  type Rule,
  rulesFromText,
} from "@tensorplan/scheduler";

/** One thing that is different in the plan that is asked about. */
export type Change =
  /** Flags, as typed, on top of the command's own. */
  | { readonly kind: "flags"; readonly words: string }
  | { readonly kind: "input"; readonly apply: (input: PlanInput) => PlanInput };

const wrong = (text: string, problem: string): TensorplanError =>
  new TensorplanError({
    code: "cli/what-if",
    message: `--what-if '${text}': ${problem}`,
    hint:
      "write DEVICE.memory=16GiB, DEVICE.bandwidth=900GB/s, DEVICE.threads=8, A~B.bandwidth=25GB/s, context=8192, ubatch=256, " +
      "sequences=4, cache-type=q8_0, rule+={\"name\": …}, rule-=NAME, or flags such as '-ngl 20'",
  });

const scales: Readonly<Record<string, number>> = {
  "": 1,
  B: 1,
  kB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
  TiB: 2 ** 40,
};

function quantity(text: string, value: string): number {
  const found = /^(\d+(?:\.\d+)?)\s*([kKMGT]?i?B?)(?:\/s)?$/.exec(value.trim());
  const scale = found === null ? undefined : scales[found[2] ?? ""];
  const amount = Math.floor(Number(found?.[1]) * (scale ?? Number.NaN));
  if (Number.isSafeInteger(amount) && amount > 0) return amount;
  throw wrong(text, `'${value}' isn't an amount such as 16GiB or 900GB/s`);
}

function wholeAbove0(text: string, value: string): number {
  const n = Number(value);
  if (Number.isSafeInteger(n) && n > 0) return n;
  throw wrong(text, `'${value}' isn't a whole number from 1`);
}

const flagOf: Readonly<Record<string, string>> = {
  context: "--ctx-size",
  ubatch: "--ubatch-size",
  sequences: "--parallel",
  "cache-type": "--cache-type",
  threads: "--threads",
};

/** A device by its id, or as ggml's programs spell it. */
const isCalled = (id: string, name: string): boolean =>
  id === name || id === name.toLowerCase().replace(/^cuda(\d+)$/, "cuda:$1");

function deviceChange(text: string, name: string, property: string, value: string): Change {
  const changed = (device: DeviceProfile): DeviceProfile => {
    if (property === "memory") return { ...device, memoryBytes: quantity(text, value) };
    if (property === "bandwidth") return { ...device, bandwidth: quantity(text, value) };
    return { ...device, threads: wholeAbove0(text, value) };
  };
  return {
    kind: "input",
    apply(input) {
      const found = input.devices.find(({ id }) => isCalled(id, name));
      if (found === undefined) {
        throw wrong(
          text,
          `there is no device '${name}'; there are ${input.devices.map(({ id }) => id).join(", ")}`,
        );
      }
      const devices = input.devices.map((device) => (device === found ? changed(device) : device));
      const budgets = { ...input.budgets };
      if (property === "memory") delete budgets[found.id];
      return { ...input, devices, budgets };
    },
  };
}

const linkChange = (text: string, names: readonly string[], property: string, value: string): Change => ({
  kind: "input",
  apply(input) {
    const joins = ({ between }: Link) =>
      between.every((id) => names.some((name) => isCalled(id, name))) && between[0] !== between[1];
    if (!(input.links ?? []).some(joins))
      throw wrong(text, `the profile has no link between ${names.join(" and ")}`);
    const amount = property === "latency" ? wholeAbove0(text, value) : quantity(text, value);
    const changed = property === "latency" ? { latencyNs: amount } : { bandwidth: amount };
    return {
      ...input,
      links: (input.links ?? []).map((link) => (joins(link) ? { ...link, ...changed } : link)),
    };
  },
});

function addedRules(text: string, value: string): readonly Rule[] {
  let rule: unknown;
  try {
    rule = JSON.parse(value);
  } catch {
    throw wrong(text, "a rule is written as JSON, or as the flags that make it");
  }
  const file = { schema: RULES_SCHEMA, rules: Array.isArray(rule) ? rule : [rule] };
  return rulesFromText(JSON.stringify(file), "--what-if");
}

const withoutRule = (text: string, name: string): Change => ({
  kind: "input",
  apply(input) {
    const rules = effectiveRules(input);
    if (!rules.some((rule) => rule.name === name)) {
      throw wrong(
        text,
        `no rule is called '${name}'; there are: ${rules.map((rule) => `'${rule.name}'`).join(", ")}`,
      );
    }
    return { ...input, rules: rules.filter((rule) => rule.name !== name) };
  },
});

/** @throws TensorplanError `cli/what-if`, `rules/file` */
export function parseChange(text: string): Change {
  const trimmed = text.trim();
  if (trimmed.startsWith("-")) return { kind: "flags", words: trimmed };
  const found = /^([^=]*?)\s*(\+=|-=|=)\s*(.*)$/s.exec(trimmed);
  if (found === null) throw wrong(text, "it says nothing that could be changed");
  const [, subject = "", sign = "", value = ""] = found;
  if (subject === "rule" && sign === "+=") {
    if (value.startsWith("-")) return { kind: "flags", words: value };
    const rules = addedRules(text, value);
    return { kind: "input", apply: (input) => ({ ...input, rules: [...rules, ...(input.rules ?? [])] }) };
  }
  if (subject === "rule" && sign === "-=") return withoutRule(text, value);
  if (sign !== "=") throw wrong(text, `only rules are added and taken away, and '${subject}' is no rule`);
  const flag = flagOf[subject];
  if (flag !== undefined) return { kind: "flags", words: `${flag} '${value}'` };
  const of = /^(.+)\.(memory|bandwidth|threads|latency)$/.exec(subject);
  if (of === null) throw wrong(text, `'${subject}' can't be changed`);
  const [, name = "", property = ""] = of;
  const ends = name.split("~");
  if (ends.length === 2 && (property === "bandwidth" || property === "latency")) {
    return linkChange(text, ends, property, value);
  }
  if (property === "latency")
    throw wrong(text, "links have a latency, devices don't: write A~B.latency=2000 (nanoseconds)");
  return deviceChange(text, name, property, value);
}
