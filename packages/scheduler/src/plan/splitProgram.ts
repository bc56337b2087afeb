import type { DeviceId, OperandPlace, ProgramNode, SplitProgram } from "@tensorplan/backend-api";
import { type JsonValue, type NodeId, type Size, TensorplanError } from "@tensorplan/ir";
import type { Plan, PlanAssignment, PlanSplit, PlanVariant } from "./plan.ts";
import { parseSize, type VariantIndex, variantIndex } from "./planIndex.ts";

/** Order of the step's symbols in every program of a plan. */
export const programSymbols = (plan: Plan): readonly string[] => Object.keys(plan.graph.symbols).sort();

/** Sizes of the axes that attributes mention by name. */
function mentionedAxes(plan: Plan, attrs: JsonValue): Readonly<Record<string, Size>> {
  const found = new Set<string>();
  const visit = (value: JsonValue): void => {
    if (typeof value === "string") {
      if (Object.hasOwn(plan.graph.axes, value)) found.add(value);
    } else if (Array.isArray(value)) {
      for (const item of value as readonly JsonValue[]) visit(item);
    } else if (typeof value === "object" && value !== null) {
      for (const item of Object.values(value)) visit(item);
    }
  };
  visit(attrs);
  return Object.fromEntries(
    [...found].sort().map((name) => [name, parseSize(plan.graph.axes[name] as string)]),
  );
}

function programNode(plan: Plan, index: VariantIndex, position: number, device: string): ProgramNode {
  const assignment = index.variant.nodes[position] as PlanAssignment;
  const node = index.nodeAt(position);
  const { kernel, layouts = {}, eligibility } = assignment;
  const entry = plan.eligibility[eligibility]?.devices.find((each) => each.device === device);
  if (kernel === null || entry?.planned === true) {
    throw new TensorplanError({
      code: "plan/planned-kernel",
      message: `${node.op} '${node.id}' needs the kernel '${kernel ?? "none"}' on ${device}, which is planned and doesn't exist yet`,
      hint: "plan for devices that are here, or wait for the kernel",
    });
  }
  const places = (ids: readonly (readonly [string, string])[]): Readonly<Record<string, OperandPlace>> =>
    Object.fromEntries(ids.map(([name, value]) => [name, index.place(value, device, layouts[name])]));
  const outputs = Object.keys(node.outputs).map(
    (name) => [name, name === "out" ? node.id : `${node.id}:${name}`] as const,
  );
  const work = index.variant.memory
    .find((each) => each.device === device)
    ?.workspaces.find(({ id }) => id === node.id);
  return {
    id: node.id as NodeId,
    op: node.op,
    kernel,
    attrs: node.attrs,
    inputs: places(Object.entries(node.inputs)),
    outputs: places(outputs),
    workspace: work === undefined ? null : { offset: work.offset, bytes: work.bytes },
    axes: mentionedAxes(plan, node.attrs),
  };
}

/**
 * What a backend compiles for one split of one variant.
 *
 * @throws TensorplanError `plan/planned-kernel`
 */
export function splitProgram(plan: Plan, variant: PlanVariant, split: PlanSplit): SplitProgram {
  const index = variantIndex(plan, variant);
  return {
    id: `${variant.id}/${split.id}`,
    device: split.device as DeviceId,
    symbols: programSymbols(plan),
    nodes: split.nodes.map((position) => programNode(plan, index, position, split.device)),
  };
}
