import {
  type Backend,
  type BackendOptions,
  type Device,
  type DeviceProfile,
  deviceId,
  type Program,
  type RegionName,
  regionNames,
  type TensorSource,
} from "@tensorplan/backend-api";
import { TensorplanError } from "@tensorplan/ir";
import {
  inputPlaces,
  outputPlaces,
  type Plan,
  type PlanSplit,
  type PlanVariant,
  programSymbols,
  regionBytes,
  splitProgram,
  statePlaces,
  stepTasks,
  weightPlaces,
} from "@tensorplan/scheduler";
import { createExecutor } from "../executor/createExecutor.ts";
import type { Executor, MakeExecutor, Step, StepTask } from "../executor/executor.ts";
import { type RunDifference, runDifferences } from "../record/differences.ts";
import { nowNs } from "../record/nowNs.ts";
import type { HostCopy, RunRecorder } from "../record/runRecorder.ts";
import { type LedgerRow, Traffic } from "../record/traffic.ts";
import { type LoadProgress, loadWeights } from "./loadWeights.ts";

/** A device that can be opened, and the backend that opens it. */
export interface FoundDevice {
  readonly profile: DeviceProfile;
  readonly backend: Backend;
}

export interface ExecutePlanOptions {
  readonly devices: readonly FoundDevice[];
  /** What the devices were probed with. */
  readonly backendOptions: BackendOptions;
  /** Where the bytes of a file's tensor come from, by its name. */
  readonly source: (tensor: string) => TensorSource;
  readonly onProgress?: ((progress: LoadProgress) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Told of what takes time; absent: nothing is timed. */
  readonly recorder?: RunRecorder | undefined;
  /** Absent: the native executor where it is built. */
  readonly makeExecutor?: MakeExecutor | undefined;
}

/** Bytes of memory of one device: what the plan says, and what the device's allocator counted. */
export interface MemoryFigure {
  readonly device: string;
  readonly planned: Readonly<Record<RegionName, number>>;
  readonly counted: Readonly<Record<RegionName, number>>;
  /** The most that the device held at once. */
  readonly peak: number;
}

interface CompiledVariant {
  readonly tasks: readonly StepTask[];
  readonly programs: readonly Program[];
  readonly step: Step;
  readonly books: ReturnType<Traffic["variant"]>;
}

/** Executes a plan: owns the devices, compiles each variant when it is first used, and runs steps. */
export class PlanExecutor {
  readonly plan: Plan;
  readonly #devices: readonly Device[];
  readonly #executor: Executor;
  readonly #recorder: RunRecorder | undefined;
  readonly #traffic: Traffic;
  readonly #compiled = new Map<PlanVariant, CompiledVariant>();
  /** Of the latest step. */
  #symbols: Readonly<Record<string, number>> = {};

  private constructor(plan: Plan, devices: readonly Device[], options: ExecutePlanOptions, traffic: Traffic) {
    const { recorder, makeExecutor = createExecutor } = options;
    this.plan = plan;
    this.#devices = devices;
    this.#recorder = recorder;
    this.#traffic = traffic;
    this.#executor = makeExecutor(devices);
  }

  /** Opens the plan's devices, allocates what it says, and loads the weights. Nothing stays open when it fails. */
  static async open(plan: Plan, options: ExecutePlanOptions): Promise<PlanExecutor> {
    const devices: Device[] = [];
    try {
      for (const { id } of plan.devices) {
        const device = openDevice(id, options);
        devices.push(device);
        const bytes = regionBytes(plan, id);
        for (const region of regionNames) device.allocate(region, bytes[region]);
      }
      const placed = devices.map((device) => ({ device, places: weightPlaces(plan, device.id) }));
      await loadWeights(options.source, placed, options.onProgress, options.signal, options.recorder);
      const traffic = new Traffic(devices.map(({ id }) => id));
      for (const { device, places } of placed) {
        // Mapped weights aren't read.
        const planned = places.reduce((sum, { bytes, mapped }) => sum + (mapped ? 0 : bytes), 0);
        if (places.length > 0) traffic.weights(device.id, planned, device.counters().loadedBytes);
      }
      return new PlanExecutor(plan, devices, options, traffic);
    } catch (error) {
      for (const device of devices) device.dispose();
      throw error;
    }
  }

  /** Runs one step with the given inputs and values of the graph's symbols. */
  async run(
    variant: PlanVariant,
    inputs: Readonly<Record<string, Int32Array | Float32Array>>,
    symbols: Readonly<Record<string, number>>,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const compiled = this.#compiled.get(variant) ?? this.#compile(variant);
    const begin = nowNs();
    this.#symbols = symbols;
    for (const place of inputPlaces(this.plan)) {
      const { name, device, region, offset } = place;
      const values = inputs[name] as Int32Array;
      const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
      this.#copy("input", device, name, bytes.length, () => this.device(device).write(region, offset, bytes));
      this.#traffic.input(place, symbols, bytes.length);
    }
    try {
      await compiled.step.run(
        programSymbols(this.plan).map((name) => symbols[name] as number),
        signal,
      );
    } catch (error) {
      compiled.books.failed();
      throw error;
    }
    compiled.books.ran(symbols);
    if (this.#recorder === undefined) return;
    const end = nowNs();
    const moments = compiled.tasks.map((task) =>
      task.kind === "run" ? task.program.moments?.() : undefined,
    );
    this.#recorder.step({ variant, symbols, begin, end, tasks: compiled.step.times(), moments });
  }

  /** Copies an output of the latest step into `into`, from its start. */
  readOutput(variant: PlanVariant, name: string, into: Uint8Array): void {
    const place = outputPlaces(variant).find((output) => output.name === name);
    if (place === undefined) throw new RangeError(`the plan has no output '${name}'`);
    const { device, region, offset } = place;
    this.#copy("output", device, name, into.length, () => this.device(device).read(region, offset, into));
    this.#traffic.output(place, this.#symbols, into.length);
  }

  /** Copies a page of every cache to another page's place. `rows` is the number of rows of a page. */
  copyPage(from: number, to: number, rows: number): void {
    const slots = this.plan.graph.symbols.slots as number;
    for (const { name, device, region, offset, bytes } of statePlaces(this.plan)) {
      const page = new Uint8Array((bytes / slots) * rows);
      this.#copy("page", device, name, page.length, () => {
        this.device(device).read(region, offset + from * page.length, page);
        this.device(device).write(region, offset + to * page.length, page);
      });
      this.#traffic.page(name, device, (bytes / slots) * rows, page.length);
    }
  }

  device(id: string): Device {
    const device = this.#devices.find((d) => d.id === id);
    if (device === undefined) throw new RangeError(`the plan names the device '${id}' without listing it`);
    return device;
  }

  /** What each device holds against what the plan said. */
  memory(): readonly MemoryFigure[] {
    return this.plan.devices.map(({ id }) => {
      const { regionBytes: counted, peakBytes } = this.device(id).counters();
      return { device: id, planned: regionBytes(this.plan, id), counted, peak: peakBytes };
    });
  }

  /** Every copy since the start: what the plan's formulas give for the steps that ran, and what was counted where memory was copied. */
  ledger(): readonly LedgerRow[] {
    return this.#traffic.ledger();
  }

  /** Where memory, copies or executed splits differ from the plan: nothing, unless a device or the executor does what it wasn't told. */
  differences(): readonly RunDifference[] {
    const counted = this.#devices.map((device) => ({ device: device.id, counters: device.counters() }));
    return runDifferences(this.plan, this.#traffic, counted);
  }

  dispose(): void {
    for (const { step, programs } of this.#compiled.values()) {
      step.dispose();
      for (const program of programs) program.dispose();
    }
    this.#compiled.clear();
    this.#executor.dispose();
    for (const device of this.#devices) device.dispose();
  }

  /** Does a copy of host code, timed where somebody listens. */
  #copy(kind: HostCopy["kind"], device: string, name: string, bytes: number, copy: () => void): void {
    if (this.#recorder === undefined) {
      copy();
      return;
    }
    const begin = nowNs();
    copy();
    this.#recorder.copy({ kind, device, name, bytes, begin, end: nowNs() });
  }

  #compile(variant: PlanVariant): CompiledVariant {
    const programs: Program[] = [];
    const deviceIndex = (id: string) => this.plan.devices.findIndex((device) => device.id === id);
    const tasks = stepTasks(variant).map((task): StepTask => {
      if (task.kind === "copy") {
        const { value, from, to, bytes, waits, stream } = task;
        const place = (at: typeof from) => ({ ...at, device: deviceIndex(at.device) });
        return { kind: "copy", value, from: place(from), to: place(to), bytes, waits, stream };
      }
      const split = variant.splits.find(({ id }) => id === task.split) as PlanSplit;
      const description = splitProgram(this.plan, variant, split);
      const program = this.device(task.device).compile(description);
      programs.push(program);
      const { symbols } = description;
      return { kind: "run", device: deviceIndex(task.device), program, symbols, waits: task.waits };
    });
    const step = this.#executor.compile({ tasks, symbols: programSymbols(this.plan) });
    if (this.#recorder !== undefined) {
      step.recordTimes(true);
      for (const program of programs) program.setTiming?.(true);
    }
    const compiled = { tasks, programs, step, books: this.#traffic.variant(variant.id, step, tasks) };
    this.#compiled.set(variant, compiled);
    return compiled;
  }
}

function openDevice(id: string, { devices, backendOptions }: ExecutePlanOptions): Device {
  const found = devices.find(({ profile }) => profile.id === id);
  if (found === undefined) {
    throw new TensorplanError({
      code: "engine/device-absent",
      message: `the plan uses the device '${id}', which isn't here`,
      hint: `here are: ${devices.map(({ profile }) => profile.id).join(", ")}`,
    });
  }
  return found.backend.open(deviceId(id), backendOptions);
}
