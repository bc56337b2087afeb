import type {
  Box,
  Decision,
  PlanAssignment,
  PlanNode,
  PlanSplit,
  PlanTransfer,
  PlanVariant,
  Tried,
} from "@tensorplan/scheduler";
import { type GgmlTensor, isView, rootOf, tensorBytes } from "../graph/tensor.ts";
import { type Cause, causeRules, causeText } from "../sched/cause.ts";
import type { GgmlSchedule } from "../sched/schedule.ts";
import { COPIES_RULE } from "./ggmlRules.ts";
import { NodeNames } from "./nodeNames.ts";
import { asDType, stateName } from "./residence.ts";

/** Items of a list, each once. */
export class Distinct<T> {
  readonly items: T[] = [];
  readonly #known = new Map<string, number>();

  add(item: T): number {
    const key = JSON.stringify(item);
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const index = this.items.push(item) - 1;
    this.#known.set(key, index);
    return index;
  }
}

/** The deciding step, and what each step before it said. */
function decisionOf(cause: Cause): Decision {
  const at = causeRules.findIndex((rule) => rule.cause === cause.kind);
  const tried = causeRules.slice(0, at).map(({ cause: kind, name, passes }): Tried => {
    const stays = kind === "offload" && cause.kind === "weight" ? cause.stays : undefined;
    return stays === undefined
      ? { rule: name, outcome: "no-match", why: passes }
      : { rule: name, outcome: "refused", why: stays };
  });
  return { rule: causeRules[at]?.name ?? "", tried, why: causeText(cause) };
}

export interface VariantInput {
  readonly id: string;
  readonly box: Box;
  readonly max: Readonly<Record<string, number>>;
  readonly schedule: GgmlSchedule;
  readonly deviceOf: (name: string) => string;
  readonly devices: readonly string[];
  readonly nodes: Distinct<PlanNode>;
}

/** One emulated step as a variant of a plan. Views are left out; offsets and work areas aren't emulated. */
export function ggmlVariant({ id, box, max, schedule, deviceOf, devices, nodes }: VariantInput): PlanVariant {
  const { graph, splits } = schedule;
  const names = new NodeNames();
  const computing = graph.nodes.filter((node) => !isView(node));
  const idOf = new Map<GgmlTensor, string>();
  const valueId = (tensor: GgmlTensor): string => {
    const own = idOf.get(tensor);
    if (own !== undefined) return own;
    const root = rootOf(tensor);
    return idOf.get(root) ?? (root.buffer?.use === "cache" ? stateName(root.name) : root.name.trim());
  };
  const deviceAt = (tensor: GgmlTensor): string =>
    deviceOf(schedule.devices.backend(schedule.devices.get(tensor) ?? schedule.devices.cpu).device);
  const decisions = new Distinct<Decision>();
  const position = new Map<GgmlTensor, number>();
  const assigned = computing.map((node, index): PlanAssignment => {
    const name = names.next(node);
    const inputs = Object.fromEntries(
      node.src.map((source, i) => [String.fromCharCode(97 + i), valueId(source)]),
    );
    idOf.set(node, name.id);
    position.set(node, index);
    const shape = [...node.ne].reverse().map(String);
    const cause = schedule.devices.cause(node) ?? { kind: "first-able" };
    return {
      node: nodes.add({
        ...name,
        inputs,
        attrs: { ggml: node.name.trim() },
        outputs: { out: { dtype: asDType(node.type.name), shape } },
      }),
      device: deviceAt(node),
      kernel: `ggml.${node.op.toLowerCase()}`,
      eligibility: -1,
      decision: decisions.add(decisionOf(cause)),
    };
  });
  const nodesOf = splits.map(({ start, end }) =>
    graph.nodes.slice(start, end).filter((node) => !isView(node)),
  );
  const splitOf = new Map(nodesOf.flatMap((own, number) => own.map((node) => [node, number] as const)));
  const transfers: PlanTransfer[] = [];
  const order: string[] = [];
  const planSplits = splits.map(({ backend, inputs }, number): PlanSplit => {
    const to = deviceOf(schedule.devices.backend(backend).device);
    const waits = inputs.map((tensor): string => {
      const transferId = `t${transfers.length}`;
      const bytes = tensorBytes(tensor);
      // A copy serves all later splits of its device.
      const readers = computing.filter(
        (node) => node.src.includes(tensor) && splits[splitOf.get(node) ?? -1]?.backend === backend,
      );
      const maker = splitOf.get(tensor) ?? splitOf.get(rootOf(tensor));
      transfers.push({
        id: transferId,
        kind: "activation",
        value: valueId(tensor),
        from: deviceAt(tensor),
        to,
        after: maker === undefined ? "" : `s${maker}`,
        before: [...new Set(readers.map((node) => `s${splitOf.get(node)}`))],
        formula: String(bytes),
        bytes,
        fromRegion: "arena",
        fromOffset: 0,
        toRegion: "arena",
        toOffset: 0,
        consumers: readers.map(valueId),
        because: COPIES_RULE,
        rule: COPIES_RULE,
      });
      order.push(transferId);
      return transferId;
    });
    order.push(`s${number}`);
    return {
      id: `s${number}`,
      device: to,
      nodes: (nodesOf[number] ?? []).map((node) => position.get(node) ?? 0),
      waits,
    };
  });
  const last = computing.at(-1);
  return {
    id,
    box,
    max,
    lowerings: [],
    nodes: assigned,
    decisions: decisions.items,
    splits: planSplits,
    transfers,
    order,
    memory: devices.map((device) => ({ device, bytes: 0, lowerBound: 0, buffers: [], workspaces: [] })),
    outputs:
      last === undefined
        ? []
        : [
            {
              name: "logits",
              value: valueId(last),
              device: deviceAt(last),
              region: "arena",
              offset: 0,
              dtype: asDType(last.type.name),
              shape: [...last.ne].reverse().map(String),
            },
          ],
  };
}
