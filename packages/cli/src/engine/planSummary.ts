import { attentionLines, cacheLines, type Plan } from "@tensorplan/scheduler";
import type { Colours } from "../output/colours.ts";
import { table } from "../output/table.ts";
import { bytes } from "../output/units.ts";

/** A plan in numbers, as `run --json` reports it. */
export interface PlanFigures {
  readonly hash: string;
  /** Of the variant with the most. */
  readonly splits: number;
  readonly transfers: number;
  /** By device: everything that is allocated, to the byte. */
  readonly bytes: Readonly<Record<string, DeviceBytes>>;
  readonly variants: readonly {
    readonly id: string;
    /** Views, for which nothing runs, aren't counted. */
    readonly nodes: number;
    readonly splits: number;
    readonly transfers: number;
  }[];
  readonly warnings: Plan["warnings"];
}

interface DeviceBytes {
  readonly weights: number;
  readonly states: number;
  readonly inputs: number;
  readonly arena: number;
  readonly total: number;
}

export function planFigures(plan: Plan, hash: string): PlanFigures {
  const variants = plan.variants.map(({ id, nodes, splits, transfers }) => ({
    id,
    nodes: nodes.filter(({ kernel }) => kernel !== null).length,
    splits: splits.length,
    transfers: transfers.length,
  }));
  return {
    hash,
    splits: Math.max(...variants.map(({ splits }) => splits)),
    transfers: Math.max(...variants.map(({ transfers }) => transfers)),
    bytes: Object.fromEntries(
      plan.devices.map(({ id, weights, states, inputs, arena }) => [
        id,
        { weights, states, inputs, arena, total: weights + states + inputs + arena },
      ]),
    ),
    variants,
    warnings: plan.warnings,
  };
}

/** A few lines above a run: what lives where, in how many splits, and what the plan warns of. */
export function planSummary(plan: Plan, hash: string, { bold, dim, yellow }: Colours): string {
  const { bytes: devices, variants } = planFigures(plan, hash);
  const rows = plan.devices.map(({ id, name }) => {
    const use = devices[id];
    return [
      bold(id),
      name,
      bytes(use?.weights ?? 0),
      bytes(use?.states ?? 0),
      bytes((use?.arena ?? 0) + (use?.inputs ?? 0)),
    ];
  });
  const grid = table(
    [
      { title: "device" },
      { title: "name" },
      { title: "weights", align: "right" },
      { title: "caches", align: "right" },
      { title: "work area", align: "right" },
    ],
    rows,
  );
  const steps = variants.map(
    ({ id, nodes, splits, transfers }) =>
      `${id}: ${counted(nodes, "node")}, ${counted(splits, "split")}, ${counted(transfers, "transfer")}`,
  );
  const warnings = [
    ...plan.warnings.map(({ message, hint }) => `${message}; ${hint}`),
    ...plan.fallbacks
      .filter(({ count }) => count > 0)
      .map(({ rule, count }) => `the fallback rule '${rule}' decided ${counted(count, "time")}`),
  ];
  return [
    `${dim("plan")} ${hash.slice(0, 12)}`,
    grid.trimEnd(),
    ...cacheLines(plan).map((line) => dim(`cache ${line}`)),
    ...steps.map((line) => dim(line)),
    ...attentionLines(plan).map((line) => dim(line)),
    ...warnings.map((line) => yellow(`warning: ${line}`)),
    "",
  ].join("\n");
}

const counted = (count: number, thing: string): string => `${count} ${thing}${count === 1 ? "" : "s"}`;
