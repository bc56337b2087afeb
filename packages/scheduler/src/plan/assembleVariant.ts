import type { DeviceProfile } from "@tensorplan/backend-api";
import { printSize } from "@tensorplan/ir";
import type { Value } from "../graph/graphView.ts";
import type { InputLayout } from "../memory/stepInputs.ts";
import type { Residence } from "../residence/residence.ts";
import type { Decision, RuleBook, Tried } from "../rules/ruleBook.ts";
import type { Bounds } from "../variants/bounds.ts";
import { type Box, boxId, boxKey } from "../variants/box.ts";
import { Interned } from "./intern.ts";
import { layOutVariant, readLayouts, type VariantLayout } from "./layOutVariant.ts";
import type { PlanAssignment, PlanOutput, PlanVariant } from "./plan.ts";
import type { PlanParts } from "./planParts.ts";
import type { VariantTable } from "./variantTable.ts";

export interface AssembleInput {
  readonly box: Box;
  readonly bounds: Bounds;
  readonly table: VariantTable;
  /** Tables of boxes that make up this one, alike in everything but the reasons. */
  readonly reasons: readonly VariantTable[];
  readonly parts: PlanParts;
  readonly book: RuleBook;
  readonly devices: readonly DeviceProfile[];
  readonly residence: Residence;
  readonly inputs: readonly InputLayout[];
}

/** The decision of a merged box: one rule, and every reason that stood against an earlier rule in some part of the box. */
function mergeDecisions(decisions: readonly Decision[]): Decision {
  const [first, ...more] = decisions as readonly [Decision, ...Decision[]];
  if (more.length === 0) return first;
  const tried: Tried[] = [...first.tried];
  for (const each of more.flatMap((decision) => decision.tried)) {
    const same = tried.some(
      ({ rule, outcome, why }) => rule === each.rule && outcome === each.outcome && why === each.why,
    );
    if (same) continue;
    const after = tried.findLastIndex(({ rule }) => rule === each.rule);
    if (after < 0) tried.push(each);
    else tried.splice(after + 1, 0, each);
  }
  return { rule: first.rule, tried };
}

const decisionKey = ({ rule, tried }: Decision): string =>
  `${rule}\n${tried.map(({ rule: name, outcome, why }) => `${name}\t${outcome}\t${why}`).join("\n")}`;

function outputPlace(
  name: string,
  value: Value,
  table: VariantTable,
  layout: VariantLayout,
  input: AssembleInput,
): PlanOutput {
  const { root } = value;
  const type = { name, value: value.id, dtype: value.dtype, shape: value.shape.map(printSize) };
  const { devices, residence } = input;
  const idOf = (device: number) => (devices[device] as DeviceProfile).id;
  if (root.kind === "state") {
    const state = residence.states.find((each) => each.state === root.id);
    return { ...type, device: state?.device ?? "", region: "states", offset: state?.offset ?? 0 };
  }
  if (root.kind === "input") {
    const place = input.inputs.find((each) => each.name === root.id)?.places[0];
    return { ...type, device: idOf(place?.device ?? 0), region: "inputs", offset: place?.offset ?? 0 };
  }
  const device = table.placements[value.producer]?.device ?? 0;
  return { ...type, device: idOf(device), region: "arena", offset: layout.offsetOf(value, device) ?? 0 };
}

/** One variant of the plan as plain JSON. */
export function assembleVariant(input: AssembleInput): PlanVariant {
  const { box, bounds, table, reasons, parts, book, devices } = input;
  const id = boxId(box);
  const layout = layOutVariant({
    table,
    devices,
    book,
    residence: input.residence,
    facts: table.nodeFacts,
    max: bounds.max,
  });
  const decisions = new Interned<Decision>();
  const addDecision = (of: readonly (Decision | undefined)[]): number => {
    const merged = mergeDecisions(of.filter((decision) => decision !== undefined));
    return decisions.add(decisionKey(merged), () => merged);
  };
  const nodes = table.view.nodes.map((info): PlanAssignment => {
    const { index } = info;
    const node = parts.nodes.add(info);
    const placement = table.placements[index];
    if (placement === undefined) return { node, device: null, kernel: null, eligibility: -1, decision: -1 };
    const layouts = readLayouts(table.kernels[index]);
    return {
      node,
      device: (devices[placement.device] as DeviceProfile).id,
      kernel: table.kernels[index]?.name ?? null,
      eligibility: parts.eligibilityOf(info, bounds, boxKey(box)),
      decision: addDecision(reasons.map(({ placements }) => placements[index]?.decision)),
      ...(Object.keys(layouts).length === 0 ? {} : { layouts }),
    };
  });
  const lowerings = table.lowerings.map(({ node, op, lowering }, i) => ({
    node,
    op,
    lowering,
    decision: addDecision(reasons.map((each) => each.lowerings[i]?.decision)),
  }));
  const outputs = table.view.graph.outputs.map(({ name, value }) =>
    outputPlace(name, table.view.values.get(value) as Value, table, layout, input),
  );
  return {
    id,
    box,
    max: bounds.max,
    lowerings,
    nodes,
    decisions: decisions.items,
    splits: layout.splits,
    transfers: layout.transfers,
    order: layout.order,
    memory: layout.memory,
    outputs,
  };
}
