import { coreOps } from "@tensorplan/ir";
import {
  type Plan,
  planHash,
  printOrigin,
  type StateResidence,
  type WeightResidence,
} from "@tensorplan/scheduler";
import { groupRows, mergeOrders } from "./rowOrder.ts";
import type { ViewDocument, ViewStored } from "./viewDocument.ts";
import { NameList, viewVariant } from "./viewVariant.ts";

const storedWeight =
  (devices: NameList, rules: NameList) =>
  ({ weight, dtype, shape, decision, copies }: WeightResidence): ViewStored => ({
    name: weight,
    dtype,
    shape: shape.map(String),
    rule: rules.find(decision.rule),
    copies: copies.map(({ device, layout, bytes }) => ({ device: devices.find(device), layout, bytes })),
  });

const storedState =
  (devices: NameList, rules: NameList) =>
  ({ state, dtype, shape, decision, device, layout, bytes }: StateResidence): ViewStored => ({
    name: state,
    dtype,
    shape,
    rule: rules.find(decision.rule),
    copies: [{ device: devices.find(device), layout, bytes }],
  });

/** What the viewer shows of a plan, as plain data. */
export function viewOf(plan: Plan): ViewDocument {
  const running = plan.variants.map(({ nodes }) =>
    nodes.flatMap(({ node, device }) => (device === null ? [] : [plan.nodes[node]?.id ?? ""])),
  );
  const ids = mergeOrders(running);
  const rowOf = new Map(ids.map((id, row) => [id, row]));
  const devices = new NameList(plan.devices.map(({ id }) => id));
  const rules = new NameList(plan.rules.map(({ name }) => name));
  const kernels = new NameList();
  const ops = new NameList();
  const op = Array.from({ length: ids.length }, () => -1);
  for (const node of plan.nodes) {
    const row = rowOf.get(node.id);
    if (row !== undefined && op[row] === -1) op[row] = ops.index(node.op);
  }
  // Costs of a stranger's operations aren't known here.
  const timed = ops.names.every((name) => coreOps.names.includes(name));
  const names = { devices, rules, kernels, rowOf, rowCount: ids.length };
  const variants = plan.variants.map((variant) => viewVariant(plan, variant, names, timed));
  return {
    title: plan.graph.name,
    hash: planHash(plan),
    devices: plan.devices.map(({ id, name, budget, weights, mapped, states, inputs, arena }) => ({
      id,
      name,
      budget,
      weights: weights - mapped,
      states,
      inputs,
      arena,
    })),
    rules: plan.rules.map(({ name, origin, why = "" }) => ({ name, origin: printOrigin(origin), why })),
    kernels: kernels.names,
    ops: ops.names,
    warnings: plan.warnings.map(({ message }) => message),
    weights: plan.weights.map(storedWeight(devices, rules)),
    states: plan.states.map(storedState(devices, rules)),
    rows: { id: ids, op },
    groups: groupRows(ids),
    eligibility: plan.eligibility.map(({ devices: verdicts }) =>
      verdicts.map(({ device, kernel, planned, refused }) => ({
        device: devices.find(device),
        kernel: kernel === null ? -1 : kernels.index(kernel),
        planned: planned === true,
        refused: refused.map(({ kernel: other, why }) => ({ kernel: other, why })),
      })),
    ),
    variants,
  };
}
