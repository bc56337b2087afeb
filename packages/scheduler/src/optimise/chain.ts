import { type Bindings, evaluateSize } from "@tensorplan/ir";
import { estimateStep } from "../cost/estimateStep.ts";
import { copyTime } from "../cost/linkTime.ts";
import { stepBindings, stepSizes } from "../cost/stepBindings.ts";
import { planFor } from "../plan/places.ts";
import type { Plan } from "../plan/plan.ts";
import { parseSize } from "../plan/planIndex.ts";
import type { Choice } from "./choices.ts";
import { type Group, groupKey, groupOfNode, groupOfState, groupOfWeight } from "./groups.ts";
import { type Objective, objectiveSteps } from "./objective.ts";

/** Values that pass from one group to another: nanoseconds if the two are on different devices. */
interface Edge {
  readonly from: string;
  readonly to: string;
  readonly ns: number;
}

/** The choice as a linear model: what each group costs on each device, and what is copied between groups. */
export interface Chain {
  readonly groups: readonly Group[];
  /** By group's key, then device: whole nanoseconds of its nodes there. */
  readonly ns: ReadonlyMap<string, readonly number[]>;
  /** Bytes of its weights and caches there. */
  readonly bytes: ReadonlyMap<string, readonly number[]>;
  readonly edges: readonly Edge[];
  /** Bytes that each device has for weights and caches. */
  readonly room: readonly number[];
}

/** @param whole for each device the plan that keeps everything there */
export function makeChain(whole: readonly Plan[], objective: Objective, budgets: readonly number[]): Chain {
  const groups = new Map<string, Group>();
  const ns = new Map<string, number[]>();
  const bytes = new Map<string, number[]>();
  const add = (into: Map<string, number[]>, group: Group, device: number, amount: number) => {
    const key = groupKey(group);
    groups.set(key, group);
    for (const table of [ns, bytes])
      if (!table.has(key))
        table.set(
          key,
          whole.map(() => 0),
        );
    const row = into.get(key) as number[];
    row[device] = (row[device] as number) + amount;
  };
  whole.forEach((plan, device) => {
    const { id } = plan.devices[device] as Plan["devices"][number];
    for (const { weight, copies } of plan.weights) {
      for (const copy of copies)
        if (copy.device === id) add(bytes, groupOfWeight(weight), device, copy.bytes);
    }
    for (const state of plan.states)
      if (state.device === id) add(bytes, groupOfState(state.state), device, state.bytes);
    for (const { group, time } of nodeTimes(plan, objective)) add(ns, group, device, time);
  });
  const room = whole.map((plan, device) => {
    const { inputs, arena } = plan.devices[device] as Plan["devices"][number];
    return (budgets[device] as number) - inputs - arena;
  });
  return { groups: [...groups.values()], ns, bytes, edges: edgesOf(whole[0] as Plan, objective), room };
}

function groupsOf(plan: Plan, variant: Plan["variants"][number]): readonly Group[] {
  const weights = new Set(plan.weights.map(({ weight }) => weight));
  return variant.nodes.map(({ node }) => {
    const { id = "", op = "", inputs = {} } = plan.nodes[node] ?? {};
    return groupOfNode(
      id,
      op,
      Object.values(inputs).filter((value) => weights.has(value)),
    );
  });
}

function nodeTimes(
  plan: Plan,
  objective: Objective,
): readonly { readonly group: Group; readonly time: number }[] {
  return objectiveSteps(plan, objective).flatMap(({ step, times }) => {
    const groups = groupsOf(plan, planFor(plan, stepSizes(step)));
    return estimateStep(plan, step).nodes.map(({ ns }, position) => ({
      group: groups[position] as Group,
      time: ns * times,
    }));
  });
}

function edgesOf(plan: Plan, objective: Objective): readonly Edge[] {
  const edges = new Map<string, { from: string; to: string; ns: number }>();
  for (const { step, times } of objectiveSteps(plan, objective)) {
    const variant = planFor(plan, stepSizes(step));
    const bindings = stepBindings(plan, step);
    const groups = groupsOf(plan, variant);
    const producers = new Map<string, { readonly group: string; readonly bytes: number }>();
    const seen = new Set<string>();
    variant.nodes.forEach(({ node }, position) => {
      const { id = "", inputs = {}, outputs = {} } = plan.nodes[node] ?? {};
      const to = groupKey(groups[position] as Group);
      for (const value of Object.values(inputs)) {
        const source = producers.get(value);
        if (source === undefined || source.group === to || seen.has(`${value}>${to}`)) continue;
        seen.add(`${value}>${to}`);
        const key = `${source.group}>${to}`;
        const edge = edges.get(key) ?? { from: source.group, to, ns: 0 };
        edge.ns += times * slowestCopy(plan, source.bytes);
        edges.set(key, edge);
      }
      for (const [name, { dtype, shape }] of Object.entries(outputs)) {
        const width = dtype === "f16" || dtype === "bf16" ? 2 : 4;
        producers.set(name === "out" ? id : `${id}:${name}`, {
          group: to,
          bytes: width * countIn(shape, bindings),
        });
      }
    });
  }
  return [...edges.values()];
}

const countIn = (shape: readonly string[], bindings: Bindings): number =>
  shape.reduce((product, size) => product * evaluateSize(parseSize(size), bindings), 1);

/** Copies between the first device and the others are taken at the slowest of their links. */
const slowestCopy = (plan: Plan, bytes: number): number => {
  const [first, ...others] = plan.devices;
  return Math.max(0, ...others.map(({ id }) => copyTime(plan.capabilities, first?.id ?? "", id, bytes)));
};

/** The linear model's time of a choice. */
export function chainNs(chain: Chain, choice: Choice): number {
  let sum = 0;
  for (const [key, times] of chain.ns) sum += times[choice.get(key) ?? 0] ?? 0;
  for (const { from, to, ns } of chain.edges) if (choice.get(from) !== choice.get(to)) sum += ns;
  return sum;
}

/** Whether the weights and caches of a choice fit every device. */
export const chainFits = (chain: Chain, choice: Choice): boolean =>
  chain.room.every((room, device) => {
    let used = 0;
    for (const [key, bytes] of chain.bytes) if ((choice.get(key) ?? 0) === device) used += bytes[device] ?? 0;
    return used <= room;
  });
