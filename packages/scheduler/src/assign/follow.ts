import type { ValueId } from "@tensorplan/ir";
import type { GraphView, NodeInfo, Value } from "../graph/graphView.ts";
import type { Homes } from "../residence/homes.ts";
import type { FollowTarget } from "../rules/rule.ts";

/** Where a follow rule leads: to a device, nowhere (with the reason), or to a node that isn't placed yet. */
export type Lead =
  | { readonly kind: "device"; readonly device: number }
  | { readonly kind: "none"; readonly why: string }
  | { readonly kind: "disagree"; readonly why: string }
  | { readonly kind: "wait" };

/** A device, or `undefined` while the node isn't placed. */
export type PlacedAt = (node: number) => number | undefined;

const wait: Lead = { kind: "wait" };

function agree(places: readonly (number | undefined)[], none: string, disagree: string): Lead {
  const [first] = places;
  if (places.length === 0) return { kind: "none", why: none };
  if (places.includes(undefined)) return wait;
  return places.every((place) => place === first)
    ? { kind: "device", device: first as number }
    : { kind: "disagree", why: disagree };
}

function placeOf(value: Value, homes: Homes, at: PlacedAt): Lead {
  if (value.producer >= 0) {
    const device = at(value.producer);
    return device === undefined ? wait : { kind: "device", device };
  }
  return value.root.kind === "input"
    ? { kind: "none", why: `'${value.id}' is given with each step and lives nowhere` }
    : { kind: "device", device: homes.of(value.root.id).device };
}

export function follow(
  target: FollowTarget,
  info: NodeInfo,
  view: GraphView,
  homes: Homes,
  at: PlacedAt,
): Lead {
  if (target === "weight" || target === "state") {
    const what = target === "weight" ? "weight" : "cache";
    const stored = target === "weight" ? info.weights : info.states;
    return agree(
      stored.map(({ id }) => homes.of(id).device),
      `it has no ${what}`,
      `its ${what}s live on different devices`,
    );
  }
  if (target === "latest") {
    let newest = -1;
    for (const { value } of info.operands) newest = Math.max(newest, value.producer);
    if (newest < 0) return { kind: "none", why: "none of its operands is computed" };
    const device = at(newest);
    return device === undefined ? wait : { kind: "device", device };
  }
  if (target === "consumers") {
    return agree(
      (view.consumers[info.index] ?? []).map(at),
      "no node reads it",
      "those that read it run on different devices",
    );
  }
  if ("operand" in target) {
    const operand = info.operands.find(({ name }) => name === target.operand);
    return operand === undefined
      ? { kind: "none", why: `it has no operand ${target.operand}` }
      : placeOf(operand.value, homes, at);
  }
  const value = view.values.get(target.value as ValueId);
  return value === undefined
    ? { kind: "none", why: `there is no value '${target.value}'` }
    : placeOf(value, homes, at);
}
