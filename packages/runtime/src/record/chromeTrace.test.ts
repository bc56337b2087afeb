import { expect, test } from "vitest";
import { Engine } from "../engine/engine.ts";
import { createExecutor } from "../executor/createExecutor.ts";
import type { MakeExecutor } from "../executor/executor.ts";
import { JsExecutor } from "../executor/jsExecutor.ts";
import { chromeTrace, type TraceEvent } from "./chromeTrace.ts";
import { RunTrace } from "./runTrace.ts";

/** A prompt and two tokens on two CPU devices. */
async function record(makeExecutor: MakeExecutor) {
  const trace = new RunTrace();
  const engine = await Engine.load({
    backend: "cpu",
    cpuDevices: 2,
    threads: 1,
    contextLength: 256,
    placement: { overrideTensors: ["blk\\.[45]\\.=cpu:1"] },
    recorder: trace,
    makeExecutor,
  });
  try {
    const sequence = engine.sequence();
    await engine.prefill(
      sequence,
      Array.from({ length: 150 }, (_, i) => i),
    );
    await engine.decode([{ sequence, token: 8 }]);
    await engine.decode([{ sequence, token: 9 }]);
    expect(engine.differences()).toEqual([]);
    return { plan: engine.plan, events: [...chromeTrace(engine.plan, trace, engine.planned.ops)] };
  } finally {
    await engine.dispose();
  }
}

/** What Perfetto needs to draw the slices of one track: each ends before the next begins, or lies within it. */
function expectNested(slices: readonly TraceEvent[]): void {
  const open: number[] = [];
  const sorted = [...slices].sort((a, b) => (a.ts ?? 0) - (b.ts ?? 0) || (b.dur ?? 0) - (a.dur ?? 0));
  for (const { ts = Number.NaN, dur = Number.NaN } of sorted) {
    expect(ts).toBeGreaterThanOrEqual(0);
    expect(dur).toBeGreaterThanOrEqual(0);
    while (open.length > 0 && (open.at(-1) as number) <= ts + 5e-4) open.pop();
    expect(ts + dur).toBeLessThanOrEqual((open.at(-1) ?? Number.POSITIVE_INFINITY) + 5e-4);
    open.push(ts + dur);
  }
}

const kinds: readonly (readonly [string, MakeExecutor])[] = [
  ["as it is built", createExecutor],
  ["in JavaScript", (devices) => new JsExecutor(devices)],
];

test.each(kinds)(
  "every split and transfer of every step is on its device's track, with the executor %s",
  async (_, make) => {
    const { plan, events } = await record(make);
    const names = new Map(
      events.flatMap(({ ph, name, tid, args }) =>
        ph === "M" && name === "thread_name" ? [[tid, String(args?.name)] as const] : [],
      ),
    );
    const slices = events.filter(({ ph }) => ph === "X");
    const ofKind = (kind: string) => slices.filter(({ cat }) => cat === kind);

    expect(ofKind("step").map(({ args }) => args?.tokens)).toEqual([150, 1, 1]);
    const ran = ofKind("step").flatMap(
      ({ args }) => plan.variants.find(({ id }) => id === args?.variant) ?? [],
    );
    const sum = (of: (variant: (typeof ran)[number]) => number) =>
      ran.reduce((total, each) => total + of(each), 0);
    expect(sum(({ transfers }) => transfers.length)).toBeGreaterThan(5);
    expect(ofKind("split")).toHaveLength(sum(({ splits }) => splits.length));
    expect(ofKind("transfer")).toHaveLength(sum(({ transfers }) => transfers.length));
    const nodesOf = ({ splits }: (typeof ran)[number]) =>
      splits.reduce((n, { nodes }) => n + nodes.length, 0);
    expect(ofKind("kernel")).toHaveLength(sum(nodesOf));
    expect(ofKind("kernel").every(({ args }) => Number(args?.predictedNs) > 0)).toBe(true);
    expect(ofKind("load")).toHaveLength(plan.weights.reduce((total, { copies }) => total + copies.length, 0));
    expect(ofKind("output")).toHaveLength(3);
    expect(ofKind("input").length).toBeGreaterThan(3);

    for (const { tid, args } of [...ofKind("split"), ...ofKind("transfer")]) {
      expect(names.get(tid)).toMatch(new RegExp(`^${String(args?.device ?? args?.to)}: `));
      expect(args?.measuredNs).toBeGreaterThan(0);
      expect(args?.predictedNs).toBeGreaterThan(0);
      expect(args?.bytes).toBeGreaterThan(0);
    }
    for (const { args, dur = 0 } of slices)
      expect(Math.abs(dur * 1000 - Number(args?.measuredNs))).toBeLessThan(2);
    for (const tid of names.keys()) expectNested(slices.filter((slice) => slice.tid === tid));
  },
);

test("the trace is JSON of the Trace Event Format", async () => {
  const { events } = await record(createExecutor);
  const read = JSON.parse(JSON.stringify({ traceEvents: events })) as { traceEvents: TraceEvent[] };
  const begun = new Set<number>();
  for (const { name, ph, pid, tid, ts, dur, id, args } of read.traceEvents) {
    expect(typeof name).toBe("string");
    expect([pid, tid].every(Number.isInteger)).toBe(true);
    expect(["X", "M", "s", "f"]).toContain(ph);
    expect(ph === "M" ? args !== undefined : Number.isFinite(ts)).toBe(true);
    expect(ph !== "X" || Number.isFinite(dur)).toBe(true);
    if (ph === "s") begun.add(id ?? -1);
    // An arrow ends once, after it began.
    expect(ph !== "f" || begun.delete(id ?? -1)).toBe(true);
  }
  expect(begun.size).toBe(0);
});
