import type { OpSet } from "@tensorplan/ir";
import { obstacle, type Surroundings } from "../assign/candidate.ts";
import { factsOfPart } from "../assign/nodeFacts.ts";
import { type GraphView, type NodeInfo, viewGraph } from "../graph/graphView.ts";
import type { Facts } from "../rules/selector.ts";
import { expandNode, usedOutputs } from "./expandNode.ts";

/**
 * Says why a lowering can't be used for a node that is to run on `device`; `undefined`: it can. A lowering can be used when every kernel
 * that it needs exists: on the device where the part's weight or cache lives, or on `device` for parts without.
 */
export type Feasibility = (
  view: GraphView,
  info: NodeInfo,
  facts: Facts,
  lowering: string,
  device: number,
) => string | undefined;

/** Where a part of an expansion would run if nothing but its weights and caches had a say. */
function homeOf(info: NodeInfo, facts: Facts, device: number, { homes, access }: Surroundings): number {
  const [stored] = [...info.weights, ...info.states];
  if (stored === undefined) return device;
  const allHere = info.weights.every((weight) => access.of(facts, weight, device) !== undefined);
  return allHere && info.states.every(({ id }) => homes.of(id).device === device)
    ? device
    : homes.of(stored.id).device;
}

/** Remembers answers: layers repeat the same composites with their weights in the same places. */
export function feasibility(ops: OpSet, surroundings: Surroundings): Feasibility {
  const known = new Map<string, string | undefined>();
  // An expansion on its own sees a later version of a state as a state: it lives where the first version does.
  const firstVersion = new Map<string, string>();
  const { homes } = surroundings;
  const around = {
    ...surroundings,
    homes: { ...homes, of: (id: string) => homes.of(firstVersion.get(id) ?? id) },
  };

  const judgeParts = (
    view: GraphView,
    info: NodeInfo,
    facts: Facts,
    lowering: string,
    device: number,
  ): string | undefined => {
    for (const { value } of info.operands) {
      if (value.root.kind === "state" && value.root !== value) firstVersion.set(value.id, value.root.id);
    }
    const expansion = expandNode(view, info, ops, lowering, usedOutputs(view, info));
    const parts = viewGraph(expansion.graph, ops);
    for (const part of parts.nodes) {
      if (part.view) continue;
      const own = factsOfPart(part, facts);
      const why = judgePart(parts, part, own, homeOf(part, own, device, around));
      if (why !== undefined) return `its part ${part.node.op}: ${why}`;
    }
    return undefined;
  };

  const judgePart = (view: GraphView, part: NodeInfo, facts: Facts, device: number): string | undefined => {
    const own = obstacle(part, facts, device, around, true);
    if (own === undefined) return undefined;
    // Answers are shared between layers, so they name no weight.
    const why = own.code === "no-kernel" ? own.why : "what it reads lives on different devices";
    if (!part.composite) return why;
    const inner = ops.get(part.node.op).lowerings.filter(({ expand }) => expand !== undefined);
    return inner.some(({ name }) => judge(view, part, facts, name, device) === undefined) ? undefined : why;
  };

  const judge: Feasibility = (view, info, facts, lowering, device) => {
    const how = ops.get(info.node.op).lowerings.find(({ name }) => name === lowering);
    if (how?.expand === undefined) return obstacle(info, facts, device, around, true)?.why;
    const stored = [...info.weights, ...info.states].map(({ id }) => {
      const home = around.homes.of(id);
      return `${home.device}${home.layout ?? ""}${around.homes.replica(id, device) ?? ""}`;
    });
    // Which weights are streamed may depend on everything about a node, so then layers share no answers.
    const own = around.access.anyStream ? facts.id : "";
    const key = `${lowering}|${device}|${stored.join(",")}|${around.verdicts.signature(info)}|${own}`;
    if (known.has(key)) return known.get(key);
    const why = judgeParts(view, info, facts, lowering, device);
    known.set(key, why);
    return why;
  };
  return judge;
}
