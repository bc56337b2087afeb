import type { Plan, PlanNode, PlanVariant } from "@tensorplan/scheduler";
import { layerOf } from "@tensorplan/scheduler";
import { outputValue } from "../document/viewVariant.ts";

/** The nodes that a split runs in one layer: a box of the picture. */
export interface Box {
  readonly id: string;
  readonly split: string;
  readonly device: string;
  readonly layer: number | undefined;
  /** Paths of its nodes, in order. */
  readonly nodes: readonly string[];
}

/** Values that flow from a box to another; `copied`: bytes that are moved to another device for it, 0 where none are. */
interface Flow {
  readonly from: string;
  readonly to: string;
  readonly copied: number;
}

interface SplitGraph {
  readonly boxes: readonly Box[];
  readonly flows: readonly Flow[];
}

const nodeAt = (plan: Plan, variant: PlanVariant, position: number): PlanNode =>
  plan.nodes[variant.nodes[position]?.node ?? -1] as PlanNode;

/** One variant as boxes and flows, splits in their order. */
export function splitGraph(plan: Plan, variant: PlanVariant): SplitGraph {
  const boxes = new Map<string, { -readonly [K in keyof Box]: Box[K] } & { nodes: string[] }>();
  const boxOf = new Map<string, string>();
  for (const { id: split, device, nodes } of variant.splits) {
    for (const position of nodes) {
      const { id } = nodeAt(plan, variant, position);
      const layer = layerOf(id);
      const key = `${split} ${layer ?? `outside ${boxes.size}`}`;
      const last = [...boxes.values()].at(-1);
      const open = last?.split === split && last.layer === layer ? last : undefined;
      const box = open ?? boxes.get(key) ?? { id: key, split, device, layer, nodes: [] };
      box.nodes.push(id);
      boxes.set(box.id, box);
      boxOf.set(id, box.id);
    }
  }
  const makers = new Map<string, string>();
  const copied = new Map<string, number>();
  for (const { value, to, bytes } of variant.transfers) copied.set(`${value} ${to}`, bytes);
  const flows = new Map<string, { from: string; to: string; copied: number }>();
  variant.nodes.forEach(({ device }, position) => {
    const node = nodeAt(plan, variant, position);
    const own = boxOf.get(node.id);
    for (const output of Object.keys(node.outputs)) {
      const operand = node.aliases?.[output];
      const base = device === null && operand !== undefined ? node.inputs[operand] : undefined;
      const maker = base === undefined ? own : makers.get(base);
      if (maker !== undefined) makers.set(outputValue(node.id, output), maker);
    }
    if (own === undefined) return;
    for (const value of new Set(Object.values(node.inputs))) {
      const from = makers.get(value);
      if (from === undefined || from === own) continue;
      const flow = flows.get(`${from}\n${own}`) ?? { from, to: own, copied: 0 };
      flow.copied += copied.get(`${value} ${device}`) ?? 0;
      // Several nodes of a box may read the same copy.
      copied.delete(`${value} ${device}`);
      flows.set(`${from}\n${own}`, flow);
    }
  });
  return { boxes: [...boxes.values()], flows: [...flows.values()] };
}
