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
  stepTasks,
  weightPlaces,
} from "@tensorplan/scheduler";
import { createExecutor } from "../executor/createExecutor.ts";
import type { CopyCount, Executor, Step, StepTask } from "../executor/executor.ts";
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
}

/** Bytes of memory of one device: what the plan says, and what the device's allocator counted. */
export interface MemoryFigure {
  readonly device: string;
  readonly planned: Readonly<Record<RegionName, number>>;
  readonly counted: Readonly<Record<RegionName, number>>;
}

interface CompiledVariant {
  readonly programs: readonly Program[];
  readonly step: Step;
}

/** Executes a plan: owns the devices, compiles each variant when it is first used, and runs steps. */
export class PlanExecutor {
  readonly plan: Plan;
  readonly #devices: readonly Device[];
  readonly #executor: Executor;
  readonly #compiled = new Map<PlanVariant, CompiledVariant>();

  private constructor(plan: Plan, devices: readonly Device[]) {
    this.plan = plan;
    this.#devices = devices;
    this.#executor = createExecutor(devices);
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
      await loadWeights(options.source, placed, options.onProgress, options.signal);
      return new PlanExecutor(plan, devices);
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
    for (const { name, device, region, offset } of inputPlaces(this.plan)) {
      const values = inputs[name] as Int32Array;
      this.device(device).write(
        region,
        offset,
        new Uint8Array(values.buffer, values.byteOffset, values.byteLength),
      );
    }
    await compiled.step.run(
      programSymbols(this.plan).map((name) => symbols[name] as number),
      signal,
    );
  }

  /** Copies an output of the latest step into `into`, from its start. */
  readOutput(variant: PlanVariant, name: string, into: Uint8Array): void {
    const place = outputPlaces(variant).find((output) => output.name === name);
    if (place === undefined) throw new RangeError(`the plan has no output '${name}'`);
    this.device(place.device).read(place.region, place.offset, into);
  }

  device(id: string): Device {
    const device = this.#devices.find((d) => d.id === id);
    if (device === undefined) throw new RangeError(`the plan names the device '${id}' without listing it`);
    return device;
  }

  /** What each device holds against what the plan said. */
  memory(): readonly MemoryFigure[] {
    return this.plan.devices.map(({ id }) => ({
      device: id,
      planned: regionBytes(this.plan, id),
      counted: this.device(id).counters().regionBytes,
    }));
  }

  /** Copies between devices since the start, counted where memory was copied. */
  ledger(): readonly { readonly variant: string; readonly copies: readonly CopyCount[] }[] {
    return [...this.#compiled].map(([variant, { step }]) => ({ variant: variant.id, copies: step.ledger() }));
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

  #compile(variant: PlanVariant): CompiledVariant {
    const programs: Program[] = [];
    const deviceIndex = (id: string) => this.plan.devices.findIndex((device) => device.id === id);
    const tasks = stepTasks(variant).map((task): StepTask => {
      if (task.kind === "copy") {
        const { value, from, to, bytes, waits } = task;
        const place = (at: typeof from) => ({ ...at, device: deviceIndex(at.device) });
        return { kind: "copy", value, from: place(from), to: place(to), bytes, waits };
      }
      const split = variant.splits.find(({ id }) => id === task.split) as PlanSplit;
      const description = splitProgram(this.plan, variant, split);
      const program = this.device(task.device).compile(description);
      programs.push(program);
      const { symbols } = description;
      return { kind: "run", device: deviceIndex(task.device), program, symbols, waits: task.waits };
    });
    const step = this.#executor.compile({ tasks, symbols: programSymbols(this.plan) });
    const compiled = { programs, step };
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
