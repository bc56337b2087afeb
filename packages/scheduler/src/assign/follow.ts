import type { ValueId } from "@tensorplan/ir";
import type { GraphView, NodeInfo, Value } from "../graph/graphView.ts";
import type { Homes } from "../residence/homes.ts";
import type { FollowTarget } from "../rules/rule.ts";

/**
 * Where a follow rule leads: to a device, nowhere (with the reason), to several places at once, or to a node that isn't placed yet.
 * `which` names what disagrees; the reason doesn't, so that nodes share it.
 */
export type Lead =
  | { readonly kind: "device"; readonly device: number }
  | { readonly kind: "none"; readonly why: string }
  | { readonly kind: "disagree"; readonly why: string; readonly which: string }
  | { readonly kind: "wait"; readonly on: number };

/** A device, or `undefined` while the node isn't placed. */
export type PlacedAt = (node: number) => number | undefined;

interface Leader {
  readonly name: string;
  /** A node, where it is one. */
  readonly node: number;
  readonly device: number | undefined;
}

function agree(
  leaders: readonly Leader[],
  what: { readonly none: string; readonly disagree: string },
  idOf: (device: number) => string,
): Lead {
  const [first] = leaders;
  if (first === undefined) return { kind: "none", why: what.none };
  const open = leaders.find(({ device }) => device === undefined);
  if (open !== undefined) return { kind: "wait", on: open.node };
  if (leaders.every(({ device }) => device === first.device)) {
    return { kind: "device", device: first.device as number };
  }
  const places = leaders.map(({ name, device }) => [name, idOf(device as number)] as const);
  const devices = [...new Set(places.map(([, device]) => device))].sort();
  return {
    kind: "disagree",
    why: `${what.disagree}: ${devices.join(", ")}`,
    which: places.map(([name, device]) => `${name} on ${device}`).join(", "),
  };
}

function placeOf(value: Value, homes: Homes, at: PlacedAt): Lead {
  if (value.producer >= 0) {
    const device = at(value.producer);
    return device === undefined ? { kind: "wait", on: value.producer } : { kind: "device", device };
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
  idOf: (device: number) => string,
): Lead {
  if (target === "weight" || target === "state") {
    const what = target === "weight" ? "weight" : "cache";
    const stored = target === "weight" ? info.weights : info.states;
    return agree(
      stored.map(({ id }) => ({ name: id, node: -1, device: homes.of(id).device })),
      { none: `it has no ${what}`, disagree: `its ${what}s live on different devices` },
      idOf,
    );
  }
  if (target === "latest") {
    let newest = -1;
    for (const { value } of info.operands) newest = Math.max(newest, value.producer);
    if (newest < 0) return { kind: "none", why: "none of its operands is computed" };
    const device = at(newest);
    return device === undefined ? { kind: "wait", on: newest } : { kind: "device", device };
  }
  if (target === "consumers") {
    return agree(
      (view.consumers[info.index] ?? []).map((node) => ({
        name: view.nodes[node]?.node.id ?? "",
        node,
        device: at(node),
      })),
      { none: "no node reads it", disagree: "those that read it run on different devices" },
      idOf,
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
