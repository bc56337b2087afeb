import { createHash } from "node:crypto";
import { describeBox, type Plan, type PlanVariant, planHash, variantOfPhase } from "@tensorplan/scheduler";
import type { GoldenCase } from "./cases.ts";
import { layerGroups } from "./layerGroups.ts";

const hashOf = (value: unknown): string =>
  createHash("sha256").update(JSON.stringify(value)).digest("hex").slice(0, 16);

function variantLines(variant: PlanVariant): readonly string[] {
  const { id, box, splits, transfers, order, memory } = variant;
  const moved = transfers.reduce((sum, { bytes }) => sum + bytes, 0);
  return [
    `  ${id}: ${describeBox(box) || "every step"}`,
    `    ${splits.length} splits, ${transfers.length} copies of ${moved} bytes, order ${hashOf(order)}, offsets ${hashOf(memory)}`,
    ...memory.map(
      ({ device, bytes, lowerBound }) =>
        `    work area on ${device}: ${bytes} of at least ${lowerBound} bytes`,
    ),
  ];
}

function phaseLines(plan: Plan, phase: "prefill" | "decode"): readonly string[] {
  const variant = variantOfPhase(plan, phase);
  const nodes = variant.nodes.flatMap(({ node, device, kernel, decision }) => {
    const { id = "", op = "" } = plan.nodes[node] ?? {};
    return device === null
      ? []
      : [[id, op, device, kernel ?? "", variant.decisions[decision]?.rule ?? ""] as const];
  });
  const lowerings = variant.lowerings.map(
    ({ node, op, lowering, decision }) =>
      [node, op, lowering, variant.decisions[decision]?.rule ?? ""] as const,
  );
  const copies = variant.transfers.map(
    ({ value, from, to, formula, because }) =>
      [value, `${from} → ${to}`, `${formula} bytes`, because] as const,
  );
  return [
    `${phase} (${variant.id})`,
    ...layerGroups(nodes),
    " lowerings",
    ...layerGroups(lowerings),
    ...(copies.length === 0 ? [] : [" copies", ...layerGroups(copies)]),
  ];
}

/** A plan's decisions in a form whose changes can be read in a diff, and hashes of all the rest. */
export function describePlan({ arch, type, devices, flags }: GoldenCase, plan: Plan): string {
  const weights = plan.weights.flatMap(({ weight, dtype, decision, copies }) =>
    copies.map(
      ({ device, layout, bytes }) => [weight, dtype, device, layout, `${bytes}`, decision.rule] as const,
    ),
  );
  const states = plan.states.map(
    ({ state, dtype, device, bytes, decision }) =>
      [`${state}.`, dtype, device, `${bytes}`, decision.rule] as const,
  );
  return `${[
    `${arch ?? "the embedded model"}${type === undefined ? "" : ` in ${type}`} on ${devices}${flags === "" ? "" : ` with ${flags}`}`,
    `plan ${planHash(plan)}`,
    `graph ${plan.graph.hash.slice(0, 16)}, capabilities ${plan.capabilities.hash.slice(0, 16)}, rules ${hashOf(plan.rules)}`,
    "bytes",
    ...plan.devices.map(
      ({ id, weights: of, states: caches, inputs, arena, budget }) =>
        `  ${id}: weights ${of}, caches ${caches}, inputs ${inputs}, work area ${arena}, may use ${budget}`,
    ),
    "variants",
    ...plan.variants.flatMap(variantLines),
    "weights",
    ...layerGroups(weights),
    "caches",
    ...layerGroups(states),
    ...phaseLines(plan, "prefill"),
    ...phaseLines(plan, "decode"),
    "warnings",
    ...layerGroups(plan.warnings.map(({ code, message }) => [code, message] as const)),
  ].join("\n")}\n`;
}
