import { coreOps, evaluateSize, type OpSet, size } from "@tensorplan/ir";
import {
  estimateVariant,
  type NodeEstimate,
  type Plan,
  type PlanSplit,
  type PlanTransfer,
  type StepEstimate,
} from "@tensorplan/scheduler";
import type { TaskTime } from "../executor/executor.ts";
import type { StepRecord } from "./runRecorder.ts";
import type { RunTrace } from "./runTrace.ts";

type TraceArgs = Readonly<Record<string, string | number>>;

/**
 * An event of the Trace Event Format, as Perfetto and chrome://tracing read it: `X` a slice, `M` a name, `s` and `f` the ends of an arrow.
 * Times are microseconds with fractions, from the trace's begin.
 */
export interface TraceEvent {
  readonly name: string;
  readonly ph: "X" | "M" | "s" | "f";
  readonly pid: number;
  readonly tid: number;
  readonly cat?: string;
  readonly ts?: number;
  readonly dur?: number;
  readonly id?: number;
  /** Binds an arrow's end to the slice around it. */
  readonly bp?: "e";
  readonly args?: TraceArgs;
}

const PID = 1;
const STEPS = 1;
const HOST = 2;
const FIRST_DEVICE = 10;

const streamTrack = (device: string): string => `${device} streams`;

const named = (name: string, tid: number, value: string, order: number): readonly TraceEvent[] => [
  { name, ph: "M", pid: PID, tid, args: { name: value } },
  { name: "thread_sort_index", ph: "M", pid: PID, tid, args: { sort_index: order } },
];

/** Predicted and measured nanoseconds, and how many times as long as predicted it took. */
const compared = (predictedNs: number, { begin, end }: TaskTime): TraceArgs => ({
  predictedNs,
  measuredNs: end - begin,
  ...(predictedNs === 0
    ? {}
    : { measuredOverPredicted: Math.round((1000 * (end - begin)) / predictedNs) / 1000 }),
});

/** What the cost model says of one step, by split and transfer. */
interface Predicted {
  readonly totalNs: number;
  /** Nanoseconds. */
  readonly tasks: ReadonlyMap<string, number>;
  /** In the variant's order. */
  readonly nodes: readonly NodeEstimate[];
}

const predictedOf = ({ totalNs, splits, transfers, nodes }: StepEstimate): Predicted => ({
  totalNs,
  tasks: new Map([...splits, ...transfers].map(({ id, ns }) => [id, ns])),
  nodes,
});

/** Events of one run on one plan. */
class TraceWriter {
  readonly #plan: Plan;
  readonly #trace: RunTrace;
  readonly #ops: OpSet;
  readonly #start: number;
  readonly #tracks: ReadonlyMap<string, number>;
  readonly #predicted = new Map<string, Predicted>();
  #arrows = 0;

  constructor(plan: Plan, trace: RunTrace, ops: OpSet) {
    this.#plan = plan;
    this.#trace = trace;
    this.#ops = ops;
    const firsts = [trace.loads[0], trace.copies[0], trace.steps[0]].flatMap((each) => each?.begin ?? []);
    this.#start = firsts.length === 0 ? 0 : Math.min(...firsts);
    // Weights are streamed beside a device's work, so they get a track of their own.
    const targets = plan.devices.filter(({ id }) =>
      plan.variants.some(({ transfers }) => transfers.some(({ kind, to }) => kind === "stream" && to === id)),
    );
    const names = [...plan.devices.map(({ id }) => id), ...targets.map(({ id }) => streamTrack(id))];
    this.#tracks = new Map(names.map((name, i) => [name, FIRST_DEVICE + i]));
  }

  *events(): Generator<TraceEvent> {
    yield { name: "process_name", ph: "M", pid: PID, tid: 0, args: { name: "tensorplan" } };
    yield* named("thread_name", STEPS, "steps", 0);
    yield* named("thread_name", HOST, "host: inputs and outputs", 1);
    for (const { id, name } of this.#plan.devices) {
      const track = this.#track(id);
      yield* named("thread_name", track, `${id}: ${name}`, track);
      const streams = this.#tracks.get(streamTrack(id));
      if (streams !== undefined) yield* named("thread_name", streams, `${id}: streamed weights`, streams);
    }
    for (const { device, weight, bytes, ...time } of this.#trace.loads) {
      yield this.#slice(weight, "load", this.#track(device), time, {
        device,
        bytes,
        measuredNs: time.end - time.begin,
      });
    }
    for (const { kind, device, name, bytes, ...time } of this.#trace.copies) {
      const title = kind === "output" ? `${name}: ${device} → host` : `${name} → ${device}`;
      yield this.#slice(title, kind, HOST, time, { device, bytes, measuredNs: time.end - time.begin });
    }
    for (const step of this.#trace.steps) yield* this.#step(step);
  }

  *#step(step: StepRecord): Generator<TraceEvent> {
    const { variant, symbols } = step;
    const predicted = this.#predict(step);
    const tokens = symbols.tokens ?? 0;
    const title = `${variant.id}: ${tokens} token${tokens === 1 ? "" : "s"}`;
    yield this.#slice(title, "step", STEPS, step, {
      variant: variant.id,
      ...symbols,
      ...compared(predicted.totalNs, step),
    });
    const splits = new Map(variant.splits.map((split) => [split.id, split]));
    const transfers = new Map(variant.transfers.map((transfer) => [transfer.id, transfer]));
    const ran = new Map<string, TaskTime>();
    for (const [index, id] of variant.order.entries()) {
      const time = step.tasks[index];
      if (time === undefined) continue;
      ran.set(id, time);
      const split = splits.get(id);
      if (split !== undefined) yield this.#split(step, split, time, predicted);
      const moments = step.moments[index];
      if (split !== undefined && moments !== undefined) yield* this.#kernels(split, moments, predicted);
      const transfer = transfers.get(id);
      if (transfer === undefined) continue;
      yield this.#transfer(step, transfer, time, predicted);
      yield* this.#arrow(
        transfer,
        transfer.kind === "stream" || transfer.after === null ? undefined : ran.get(transfer.after),
        time,
      );
    }
  }

  /** Steps of one size are alike, so each size is estimated once. */
  #predict({ variant, symbols }: StepRecord): Predicted {
    const key = JSON.stringify([variant.id, symbols]);
    let predicted = this.#predicted.get(key);
    if (predicted === undefined) {
      const { tokens = 1, context = 1, sequences = 1, outputs = 1 } = symbols;
      const sizes = { tokens, context, sequences, outputs };
      predicted = predictedOf(estimateVariant(this.#plan, variant, sizes, this.#ops));
      this.#predicted.set(key, predicted);
    }
    return predicted;
  }

  #split({ variant }: StepRecord, split: PlanSplit, time: TaskTime, { tasks, nodes }: Predicted): TraceEvent {
    const ids = split.nodes.map(
      (position) => this.#plan.nodes[variant.nodes[position]?.node ?? -1]?.id ?? "",
    );
    const [first = "", last = ""] = [ids[0], ids.at(-1)];
    const title = first === last ? first : `${first} … ${last}`;
    return this.#slice(title, "split", this.#track(split.device), time, {
      split: split.id,
      device: split.device,
      nodes: ids.length,
      first,
      last,
      bytes: split.nodes.reduce((sum, position) => sum + (nodes[position]?.bytes ?? 0), 0),
      ...compared(tasks.get(split.id) ?? 0, time),
    });
  }

  *#kernels(
    { device, nodes }: PlanSplit,
    moments: Float64Array,
    predicted: Predicted,
  ): Generator<TraceEvent> {
    for (const [i, position] of nodes.entries()) {
      const estimate = predicted.nodes[position];
      const [begin, end] = [moments[i], moments[i + 1]];
      if (estimate === undefined || begin === undefined || end === undefined || begin === 0) continue;
      const { node, kernel, flops, bytes, ns, limit } = estimate;
      const time = { begin, end };
      yield this.#slice(node, "kernel", this.#track(device), time, {
        kernel: kernel ?? "",
        flops,
        bytes,
        limit,
        ...compared(ns, time),
      });
    }
  }

  #transfer(
    { symbols }: StepRecord,
    transfer: PlanTransfer,
    time: TaskTime,
    { tasks }: Predicted,
  ): TraceEvent {
    const { id, kind, value, from, to, formula, because, rule } = transfer;
    const track = this.#track(kind === "stream" ? streamTrack(to) : to);
    return this.#slice(`${value}: ${from} → ${to}`, kind === "stream" ? "stream" : "transfer", track, time, {
      transfer: id,
      value,
      from,
      to,
      bytes: evaluateSize(size(formula), symbols),
      because,
      rule,
      ...compared(tasks.get(id) ?? 0, time),
    });
  }

  /** From the split that makes a value to its copy's arrival. */
  *#arrow(
    { value, from, to }: PlanTransfer,
    made: TaskTime | undefined,
    arrived: TaskTime,
  ): Generator<TraceEvent> {
    if (made === undefined) return;
    const common = { name: value, cat: "transfer", pid: PID, id: ++this.#arrows };
    yield { ...common, ph: "s", tid: this.#track(from), ts: this.#micros(made.begin) };
    yield { ...common, ph: "f", bp: "e", tid: this.#track(to), ts: this.#micros(arrived.begin) };
  }

  #slice(name: string, cat: string, tid: number, { begin, end }: TaskTime, args: TraceArgs): TraceEvent {
    const ts = this.#micros(begin);
    // From rounded ends, so that slices which follow each other never overlap.
    return {
      name,
      cat,
      ph: "X",
      pid: PID,
      tid,
      ts,
      dur: Math.round(1000 * (this.#micros(end) - ts)) / 1000,
      args,
    };
  }

  #track(device: string): number {
    return this.#tracks.get(device) ?? HOST;
  }

  #micros(ns: number): number {
    return Math.round(ns - this.#start) / 1000;
  }
}

/**
 * The events of a run, names of tracks first: one track for the steps, one for the host's copies, one for each device with its splits and
 * the transfers that it receives.
 *
 * @param ops the operations that the plan's graph uses, for their predicted times
 */
export const chromeTrace = (plan: Plan, trace: RunTrace, ops: OpSet = coreOps): Generator<TraceEvent> =>
  new TraceWriter(plan, trace, ops).events();
