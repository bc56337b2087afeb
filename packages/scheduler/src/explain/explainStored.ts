import type { Plan } from "../plan/plan.ts";
import { formatBytes } from "./quantities.ts";
import { explainTried, nameRule } from "./ruleText.ts";

/** Where a weight is copied to in each step, said once for variants that do the same. */
function explainStreams(plan: Plan, weight: string): readonly string[] {
  const said = new Map<string, string[]>();
  for (const { id, transfers } of plan.variants) {
    for (const { kind, value, to, bytes, consumers, rule } of transfers) {
      if (kind !== "stream" || value !== weight) continue;
      const text = `it is copied to ${to} (${formatBytes(bytes)}) for ${consumers.join(", ")}, because of ${nameRule(plan, rule)}.`;
      said.set(text, [...(said.get(text) ?? []), id]);
    }
  }
  return [...said].map(([text, variants]) => `In each step of ${variants.join(" and ")} ${text}`);
}

/** Where a weight or cache lives and why; `undefined` for other names. */
export function explainStored(plan: Plan, id: string): readonly string[] | undefined {
  const weight = plan.weights.find((each) => each.weight === id);
  if (weight !== undefined) {
    const copies = weight.copies.map(({ device, layout, bytes, mapped, because }) => {
      const why =
        because.kind === "home"
          ? `because of ${nameRule(plan, weight.decision.rule)}`
          : because.kind === "replica"
            ? `a second time, because a node there reads it and ${nameRule(plan, because.rule)} allows it`
            : "a second time, because another kernel reads it in this layout";
      const form = mapped ? `${layout}, where it lies in the file` : layout;
      return `Weight '${id}' (${typeOf(weight)}) lives on ${device} as ${form}, ${formatBytes(bytes)}, ${why}.`;
    });
    return [
      ...copies,
      ...explainStreams(plan, id),
      ...explainTried(weight.decision),
      ...explainMapping(plan, weight.mapping),
    ];
  }
  const state = plan.states.find((each) => each.state === id);
  if (state === undefined) return undefined;
  return [
    `Cache '${id}' (${state.dtype}) lives on ${state.device}, ${formatBytes(state.bytes)}, because of ${nameRule(plan, state.decision.rule)}.`,
    ...explainTried(state.decision),
  ];
}

const typeOf = ({ dtype, source: { storedAs } }: Plan["weights"][number]): string =>
  storedAs === undefined ? dtype : `${dtype}, converted from the file's ${storedAs} while it is loaded`;

function explainMapping(plan: Plan, mapping: Plan["weights"][number]["mapping"]): readonly string[] {
  if (mapping === undefined) return [];
  const { rule, tried } = mapping;
  return [
    rule === null
      ? "It is copied from the file, because no map rule could be obeyed."
      : `It isn't copied from the file, because of ${nameRule(plan, rule)}.`,
    ...explainTried({ rule: rule ?? "", tried }),
  ];
}
