import {
  describeBox,
  estimateVariant,
  type Plan,
  type PlanNode,
  type PlanVariant,
  phaseStep,
} from "@tensorplan/scheduler";
import type { ViewTransfer, ViewVariant } from "./viewDocument.ts";

/** Index of a name in a list that grows. */
export class NameList {
  readonly names: string[] = [];
  readonly #known = new Map<string, number>();

  constructor(names: readonly string[] = []) {
    for (const name of names) this.index(name);
  }

  index(name: string): number {
    const known = this.#known.get(name);
    if (known !== undefined) return known;
    this.#known.set(name, this.names.length);
    return this.names.push(name) - 1;
  }

  find(name: string | null): number {
    return name === null ? -1 : (this.#known.get(name) ?? -1);
  }
}

export interface VariantNames {
  readonly devices: NameList;
  readonly rules: NameList;
  readonly kernels: NameList;
  /** Row of each node's id. */
  readonly rowOf: ReadonlyMap<string, number>;
  readonly rowCount: number;
}

export const outputValue = (node: string, output: string): string =>
  output === "out" ? node : `${node}:${output}`;

/** Values that only show others' bytes, each with the value that has them. */
function viewsOf(
  nodes: readonly { readonly node: PlanNode; readonly view: boolean }[],
): Readonly<Record<string, string>> {
  const roots: Record<string, string> = {};
  for (const { node, view } of nodes) {
    if (!view) continue;
    for (const [output, operand] of Object.entries(node.aliases ?? {})) {
      const base = node.inputs[operand];
      if (base !== undefined) roots[outputValue(node.id, output)] = roots[base] ?? base;
    }
  }
  return roots;
}

/** The step that the plan's summary estimates, where this variant serves it. */
function timeOf(
  plan: Plan,
  variant: PlanVariant,
  rows: readonly number[],
  rowCount: number,
): ViewVariant["time"] {
  const step = (["decode", "prefill"] as const)
    .map((phase) => phaseStep(plan, phase))
    .find(({ tokens }) => {
      const { from, below } = variant.box.tokensPerSequence;
      return tokens >= from && (below === null || tokens < below);
    });
  if (step === undefined) return null;
  const estimate = estimateVariant(plan, variant, step);
  const ns = Array.from({ length: rowCount }, () => 0);
  estimate.nodes.forEach((node, position) => {
    const row = rows[position] ?? -1;
    if (row >= 0) ns[row] = node.ns;
  });
  return { tokens: step.tokens, context: step.context, totalNs: estimate.totalNs, ns };
}

/** One variant in columns over the document's rows. */
export function viewVariant(
  plan: Plan,
  variant: PlanVariant,
  names: VariantNames,
  timed: boolean,
): ViewVariant {
  const { devices, rules, kernels, rowOf, rowCount } = names;
  const column = () => Array.from({ length: rowCount }, () => -1);
  const [device, kernel, split, decision, eligibility] = [column(), column(), column(), column(), column()];
  const operands = Array.from({ length: rowCount }, (): readonly string[] => []);
  const outputs = Array.from({ length: rowCount }, (): readonly string[] => []);
  const nodes = variant.nodes.map((assigned) => ({
    assigned,
    node: plan.nodes[assigned.node] as PlanNode,
    view: assigned.device === null,
  }));
  const rowsByPosition = nodes.map(({ node, view }) => (view ? -1 : (rowOf.get(node.id) ?? -1)));
  nodes.forEach(({ assigned, node }, position) => {
    const row = rowsByPosition[position] as number;
    if (row < 0) return;
    device[row] = devices.find(assigned.device);
    kernel[row] = assigned.kernel === null ? -1 : kernels.index(assigned.kernel);
    decision[row] = assigned.decision;
    eligibility[row] = assigned.eligibility;
    operands[row] = Object.entries(node.inputs).flat();
    outputs[row] = Object.entries(node.outputs).flatMap(([name, { dtype, shape }]) => [
      name,
      `${dtype}[${shape.join(", ")}]`,
    ]);
  });
  variant.splits.forEach(({ nodes: positions }, index) => {
    for (const position of positions) {
      const row = rowsByPosition[position] ?? -1;
      if (row >= 0) split[row] = index;
    }
  });
  const views = viewsOf(nodes);
  return {
    id: variant.id,
    steps: describeBox(variant.box),
    device,
    kernel,
    split,
    decision,
    eligibility,
    operands,
    outputs,
    views,
    splits: variant.splits.map((each) => ({ id: each.id, device: devices.find(each.device) })),
    decisions: variant.decisions.map(({ rule, tried }) => ({
      rule: rules.find(rule),
      tried: tried.map((each) => ({
        rule: rules.find(each.rule),
        refused: each.outcome === "refused",
        why: each.why,
      })),
    })),
    lowerings: variant.lowerings,
    transfers: transfersOf(variant, names, views),
    arena: plan.devices.map(({ id }) => variant.memory.find((each) => each.device === id)?.bytes ?? 0),
    time: timed ? timeOf(plan, variant, rowsByPosition, rowCount) : null,
  };
}

function transfersOf(
  variant: PlanVariant,
  { devices, rules, rowOf }: VariantNames,
  views: Readonly<Record<string, string>>,
): readonly ViewTransfer[] {
  const producer = (value: string): number => {
    const root = views[value] ?? value;
    return rowOf.get(root) ?? rowOf.get(root.replace(/:[^:]*$/, "")) ?? -1;
  };
  return variant.transfers.map(({ value, from, to, bytes, formula, rule, consumers }) => {
    const targets = consumers.flatMap((id) => rowOf.get(id) ?? []);
    return {
      value,
      from: devices.find(from),
      to: devices.find(to),
      bytes,
      formula,
      rule: rules.find(rule),
      source: producer(value),
      target: targets.length === 0 ? -1 : Math.min(...targets),
      consumers,
    };
  });
}
