import { estimateStep } from "../cost/estimateStep.ts";
import { phaseStep, stepSizes } from "../cost/stepBindings.ts";
import { totalBytes } from "../memory/budget.ts";
import type { Plan, PlanVariant } from "../plan/plan.ts";
import { planHash } from "../plan/planJson.ts";
import { runsByPlanned } from "../plan/plannedKernels.ts";
import { contains, describeBox } from "../variants/box.ts";
import { cacheLines } from "./cacheLines.ts";
import { formatBytes, formatTime } from "./quantities.ts";
import { ruleUses } from "./ruleUses.ts";
import { textTable } from "./textTable.ts";
import { type VariantCount, variantCounts } from "./variantCounts.ts";

const indent = (lines: readonly string[]): readonly string[] => lines.map((line) => `  ${line}`);

const count = (n: number, one: string, many = `${one}s`): string => `${n} ${n === 1 ? one : many}`;

function deviceLines(plan: Plan): readonly string[] {
  // Few plans map weights.
  const mapped = plan.devices.some((device) => device.mapped > 0);
  const rows = plan.devices.map((device) => [
    device.id,
    ...[
      device.weights - device.mapped,
      ...(mapped ? [device.mapped] : []),
      device.states,
      device.inputs,
      device.arena,
      totalBytes(device),
      device.budget,
    ].map(formatBytes),
  ]);
  const titles = ["weights", ...(mapped ? ["in the file"] : []), "caches", "inputs", "work area"];
  const header = ["device", ...titles, "in all", "may use"];
  return textTable([header, ...rows], header.map((_, column) => column).slice(1));
}

function variantLines(plan: Plan): readonly string[] {
  const rows = plan.variants.map(({ id, box, splits, transfers }) => {
    const bytes = transfers.reduce((sum, transfer) => sum + transfer.bytes, 0);
    const copies =
      transfers.length === 0
        ? "no copies"
        : `${count(transfers.length, "copy", "copies")}, up to ${formatBytes(bytes)}`;
    return [id, describeBox(box), count(splits.length, "split"), copies];
  });
  return textTable(rows);
}

/** Equal lines of different variants are one line that names them. */
function perVariant(
  plan: Plan,
  lines: (
    variant: PlanVariant,
  ) => ReadonlyMap<string, { readonly cells: readonly string[]; readonly n: number }>,
): readonly string[] {
  const merged = new Map<string, { readonly cells: readonly string[]; readonly counts: VariantCount[] }>();
  for (const variant of plan.variants) {
    for (const [key, { cells, n }] of lines(variant)) {
      const line = merged.get(key) ?? { cells, counts: [] };
      line.counts.push({ variant: variant.id, n });
      merged.set(key, line);
    }
  }
  const rows = [...merged.entries()]
    .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
    .map(([, { cells, counts }]) => [...cells, variantCounts(counts, plan.variants.length)]);
  return textTable(rows);
}

const tally = (items: readonly (readonly string[])[]) => {
  const lines = new Map<string, { readonly cells: readonly string[]; n: number }>();
  for (const cells of items) {
    const key = cells.join("\n");
    const line = lines.get(key);
    if (line === undefined) lines.set(key, { cells, n: 1 });
    else line.n++;
  }
  return lines;
};

const loweringLines = (plan: Plan): readonly string[] =>
  perVariant(plan, ({ lowerings, decisions }) =>
    tally(
      lowerings.map(({ op, lowering, decision }) => [`${op}: ${lowering}`, `'${decisions[decision]?.rule}'`]),
    ),
  );

const kernelLines = (plan: Plan): readonly string[] =>
  perVariant(plan, ({ nodes }) =>
    tally(
      nodes.flatMap((assigned) => {
        const { node, kernel, device } = assigned;
        if (kernel === null || device === null) return [];
        const name = runsByPlanned(plan, assigned) ? `${kernel} (planned)` : kernel;
        return [[plan.nodes[node]?.op ?? "", name, device]];
      }),
    ),
  );

function ruleLines(plan: Plan): readonly string[] {
  const made = plan.rules.filter(({ origin }) => origin.kind === "shard").length;
  const own = plan.rules.filter(({ origin }) => origin.kind !== "default").length - made;
  const used = plan.fallbacks
    .filter(({ count: n }) => n > 0)
    .map(({ rule, count: n }) => `fallback '${rule}' decided ${count(n, "time")}`);
  const passedOn = ruleUses(plan)
    .filter(({ name }) => plan.rules.find((rule) => rule.name === name)?.origin.kind !== "default")
    .map(({ name, refused, variants }) => ({
      name,
      n: variants.reduce((sum, variant) => sum + variant.refused, refused),
    }))
    .filter(({ n }) => n > 0)
    .map(({ name, n }) => `rule '${name}' could not be obeyed ${count(n, "time")} and gave way`);
  return [
    ...passedOn,
    `${count(plan.rules.length, "rule")}, ${own} of them yours${made === 0 ? "" : ` and ${made} made by shard rules`}; ${used.join("; ") || "no fallback was needed"}`,
  ];
}

/** What an optimise rule decided, and how sure that is. */
function optimisationLines({ optimisation }: Plan): readonly string[] {
  if (optimisation === undefined) return [];
  const { rule, objective, ns, chosen, runnerUp, linear, solver } = optimisation;
  const than = runnerUp === null ? "" : `; next: ${runnerUp.name}, ${formatTime(runnerUp.ns)}`;
  const bound =
    linear === null
      ? "the linear model has no choice that fits"
      : `linear model: ${formatTime(linear.objectiveNs)}, at least ${formatTime(linear.boundNs)}, gap ${(linear.gapPpm / 1e4).toFixed(2)} %`;
  return [
    `optimised for ${objective} by rule '${rule}'`,
    ...indent([`${chosen}: ${formatTime(ns)}${than}`, `${bound} (${solver})`]),
  ];
}

/** Estimated time of the steps by which the phases are judged; nothing for a phase that the plan doesn't serve. */
function timeLines(plan: Plan): readonly string[] {
  const rows = (["prefill", "decode"] as const).flatMap((phase) => {
    const step = phaseStep(plan, phase);
    if (!plan.variants.some(({ box }) => contains(box, stepSizes(step)))) return [];
    const { totalNs, devices, nodes } = estimateStep(plan, step);
    // Kernels of a stranger have no costs here, and the copies alone would say little.
    if (nodes.every(({ ns }) => ns === 0)) return [];
    const busy = devices
      .filter(({ busyNs }) => busyNs > 0)
      .map(({ device, busyNs }) => `${device} ${formatTime(busyNs)}`);
    return [
      [
        phase,
        `${count(step.tokens, "token")}, ${count(step.context, "row")} of context`,
        formatTime(totalNs),
        totalNs > 0 ? `${((step.tokens * 1e9) / totalNs).toFixed(1)} t/s` : "",
        `busy: ${busy.join(", ")}`,
      ],
    ];
  });
  return textTable(rows, [2, 3]);
}

/** A plan in short: memory of each device, variants with splits and copies, lowerings with their rules, kernels by operation. */
export function formatPlanSummary(plan: Plan): string {
  const lowerings = loweringLines(plan);
  return [
    `plan ${planHash(plan).slice(0, 12)} of ${plan.graph.name}`,
    ...indent(deviceLines(plan)),
    ...(plan.states.length === 0 ? [] : ["caches", ...indent(cacheLines(plan))]),
    "variants",
    ...indent(variantLines(plan)),
    ...optimisationLines(plan),
    "estimated time of a step",
    ...indent(timeLines(plan)),
    ...(lowerings.length === 0 ? [] : ["lowerings", ...indent(lowerings)]),
    "kernels",
    ...indent(kernelLines(plan)),
    "rules",
    ...indent(ruleLines(plan)),
    ...(plan.warnings.length === 0
      ? []
      : ["warnings", ...indent(plan.warnings.flatMap(({ message, hint }) => [message, `  ${hint}`]))]),
  ].join("\n");
}
