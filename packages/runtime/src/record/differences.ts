import { type DeviceCounters, regionNames } from "@tensorplan/backend-api";
import { TensorplanError } from "@tensorplan/ir";
import { type Plan, regionBytes } from "@tensorplan/scheduler";
import type { LedgerRow, Traffic } from "./traffic.ts";

/** Something that a run did otherwise than its plan says. */
export interface RunDifference {
  readonly kind: "memory" | "peak" | "weights" | "copy" | "bytes-in" | "bytes-out" | "runs";
  readonly device: string;
  /** In words, with the figures: `cpu:1 holds 4096 bytes of states, 2048 were planned`. */
  readonly message: string;
  readonly planned: number;
  readonly measured: number;
}

type Counted = readonly { readonly device: string; readonly counters: DeviceCounters }[];

function memoryDifferences(plan: Plan, counted: Counted): readonly RunDifference[] {
  return counted.flatMap(({ device, counters }) => {
    const planned = regionBytes(plan, device);
    const total = regionNames.reduce((sum, region) => sum + planned[region], 0);
    return [
      ...regionNames.map(
        (region): RunDifference => ({
          kind: "memory",
          device,
          planned: planned[region],
          measured: counters.regionBytes[region],
          message: `${device} holds ${counters.regionBytes[region]} bytes of ${region}, ${planned[region]} were planned`,
        }),
      ),
      {
        kind: "peak",
        device,
        planned: total,
        measured: counters.peakBytes,
        message: `${device} held ${counters.peakBytes} bytes at its peak, ${total} were planned`,
      },
    ];
  });
}

const sumOf = (rows: readonly LedgerRow[], of: "planned" | "measured", keep: (row: LedgerRow) => boolean) =>
  rows.filter(keep).reduce((sum, row) => sum + row[of], 0);

function trafficDifferences(traffic: Traffic, counted: Counted): readonly RunDifference[] {
  const rows = traffic.ledger();
  const runs = traffic.plannedRuns();
  const copies = rows.map(
    (row): RunDifference => ({
      kind: row.kind === "weights" ? "weights" : "copy",
      device: row.to,
      planned: row.planned,
      measured: row.measured,
      message: `${row.measured} bytes of ${row.value} went from ${row.from} to ${row.to}, ${row.planned} were planned`,
    }),
  );
  const devices = counted.flatMap(({ device, counters }, index): readonly RunDifference[] => {
    const into = sumOf(rows, "planned", ({ kind, to }) => kind !== "weights" && to === device);
    const out = sumOf(rows, "planned", ({ from }) => from === device);
    const splits = runs[index] ?? 0;
    return [
      {
        kind: "bytes-in",
        device,
        planned: into,
        measured: counters.bytesIn,
        message: `${counters.bytesIn} bytes were copied into ${device}, ${into} were planned`,
      },
      {
        kind: "bytes-out",
        device,
        planned: out,
        measured: counters.bytesOut,
        message: `${counters.bytesOut} bytes were copied out of ${device}, ${out} were planned`,
      },
      {
        kind: "runs",
        device,
        planned: splits,
        measured: counters.runs,
        message: `${device} ran ${counters.runs} splits, ${splits} were planned`,
      },
    ];
  });
  return [...copies, ...devices];
}

/**
 * Compares what the devices counted with the plan: memory of each region and at the peak, weights loaded, every copy, bytes into and out of
 * each device, and how many splits each device ran. After a step that failed or was cancelled only memory can be compared.
 */
export function runDifferences(plan: Plan, traffic: Traffic, counted: Counted): readonly RunDifference[] {
  const all = [
    ...memoryDifferences(plan, counted),
    ...(traffic.interrupted > 0 ? [] : trafficDifferences(traffic, counted)),
  ];
  return all.filter(({ planned, measured }) => planned !== measured);
}

/** @throws TensorplanError `run/not-as-planned`, which lists the differences, if there are any */
export function expectAsPlanned(differences: readonly RunDifference[]): void {
  if (differences.length === 0) return;
  throw new TensorplanError({
    code: "run/not-as-planned",
    message: `the run differs from its plan: ${differences.map(({ message }) => message).join("; ")}`,
    hint: "a backend that allocates, copies or runs something else than it was told has a bug: `tensorplan conformance` finds out which",
    details: { differences: differences.map(({ message }) => message) },
  });
}
