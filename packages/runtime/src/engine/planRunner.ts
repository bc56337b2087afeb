import { type Device, deviceId, type Program, type RegionName, regionNames } from "@tensorplan/backend-api";
import { PAGE_ROWS, TensorplanError } from "@tensorplan/ir";
import {
  inputPlaces,
  outputPlaces,
  type Plan,
  type PlanSplit,
  type PlanVariant,
  planFor,
  programSymbols,
  regionBytes,
  splitProgram,
  statePlaces,
  stepTasks,
  weightPlaces,
} from "@tensorplan/scheduler";
import { createExecutor } from "../executor/createExecutor.ts";
import type { CopyCount, Executor, Step, StepTask } from "../executor/executor.ts";
import { loadWeights } from "./loadWeights.ts";
import type { EngineOptions } from "./options.ts";
import type { PlannedModel } from "./planModel.ts";
import type { AssembledStep } from "./stepInputs.ts";
import type { StepRunner } from "./stepRunner.ts";

interface CompiledVariant {
  readonly variant: PlanVariant;
  readonly programs: readonly Program[];
  readonly step: Step;
}

/** Bytes of memory of one device: what the plan says, and what the device's allocator counted. */
export interface MemoryFigure {
  readonly device: string;
  readonly planned: Readonly<Record<RegionName, number>>;
  readonly counted: Readonly<Record<RegionName, number>>;
}

/** Executes a plan: owns the devices, compiles each variant when it is first used. */
export class PlanRunner implements StepRunner {
  readonly vocab: number;
  readonly #plan: Plan;
  readonly #devices: readonly Device[];
  readonly #executor: Executor;
  readonly #compiled = new Map<PlanVariant, CompiledVariant>();
  #logits = new Float32Array(0);

  private constructor(plan: Plan, devices: readonly Device[], vocab: number) {
    this.#plan = plan;
    this.#devices = devices;
    this.#executor = createExecutor(devices);
    this.vocab = vocab;
  }

  /** Opens the plan's devices, allocates what it says, and loads the weights. */
  static async start(planned: PlannedModel, options: EngineOptions): Promise<PlanRunner> {
    const { plan, found, file, model } = planned;
    const devices: Device[] = [];
    try {
      for (const planDevice of plan.devices) {
        const match = found.devices.find(({ profile }) => profile.id === planDevice.id);
        if (match === undefined) {
          throw new TensorplanError({
            code: "engine/device-absent",
            message: `the plan uses the device '${planDevice.id}', which isn't here`,
            hint: `here are: ${found.devices.map(({ profile }) => profile.id).join(", ")}`,
          });
        }
        const device = match.backend.open(deviceId(planDevice.id), found.options);
        devices.push(device);
        const bytes = regionBytes(plan, planDevice.id);
        for (const region of regionNames) device.allocate(region, bytes[region]);
      }
      const placed = devices.map((device) => ({ device, places: weightPlaces(plan, device.id) }));
      await loadWeights(file, placed, options.onProgress, options.signal);
      return new PlanRunner(plan, devices, model.shape.vocab);
    } catch (error) {
      for (const device of devices) device.dispose();
      throw error;
    }
  }

  variantOf(newTokens: number, context: number): number {
    return this.#plan.variants.indexOf(
      planFor(this.#plan, { tokensPerSequence: newTokens, tokens: newTokens, context, sequences: 1 }),
    );
  }

  async run(newTokens: number, step: AssembledStep, signal: AbortSignal | undefined): Promise<Float32Array> {
    const { symbols } = step;
    const variant = planFor(this.#plan, {
      tokensPerSequence: newTokens,
      tokens: symbols.tokens as number,
      context: symbols.context as number,
      sequences: symbols.sequences as number,
    });
    const compiled = this.#compiled.get(variant) ?? this.#compile(variant);
    for (const { name, device, region, offset } of inputPlaces(this.#plan)) {
      const values = step.inputs[name] as Int32Array;
      this.#device(device).write(
        region,
        offset,
        new Uint8Array(values.buffer, values.byteOffset, values.byteLength),
      );
    }
    await compiled.step.run(
      programSymbols(this.#plan).map((name) => symbols[name] as number),
      signal,
    );
    return this.#readLogits(variant, symbols.outputs as number);
  }

  copyPage(from: number, to: number): void {
    const slots = this.#plan.graph.symbols.slots as number;
    for (const { device, region, offset, bytes } of statePlaces(this.#plan)) {
      const page = new Uint8Array((bytes / slots) * PAGE_ROWS);
      this.#device(device).read(region, offset + from * page.length, page);
      this.#device(device).write(region, offset + to * page.length, page);
    }
  }

  /** What each device holds against what the plan said. */
  memory(): readonly MemoryFigure[] {
    return this.#plan.devices.map(({ id }) => ({
      device: id,
      planned: regionBytes(this.#plan, id),
      counted: this.#device(id).counters().regionBytes,
    }));
  }

  /** Copies between devices since the start, counted where memory was copied. */
  ledger(): readonly { readonly variant: string; readonly copies: readonly CopyCount[] }[] {
    return [...this.#compiled.values()].map(({ variant, step }) => ({
      variant: variant.id,
      copies: step.ledger(),
    }));
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
    const deviceIndex = (id: string) => this.#plan.devices.findIndex((device) => device.id === id);
    const tasks = stepTasks(variant).map((task): StepTask => {
      if (task.kind === "copy") {
        const { value, from, to, bytes, waits } = task;
        const place = (at: typeof from) => ({ ...at, device: deviceIndex(at.device) });
        return { kind: "copy", value, from: place(from), to: place(to), bytes, waits };
      }
      const split = variant.splits.find(({ id }) => id === task.split) as PlanSplit;
      const description = splitProgram(this.#plan, variant, split);
      const program = this.#device(task.device).compile(description);
      programs.push(program);
      return {
        kind: "run",
        device: deviceIndex(task.device),
        program,
        symbols: description.symbols,
        waits: task.waits,
      };
    });
    const step = this.#executor.compile({ tasks, symbols: programSymbols(this.#plan) });
    const compiled = { variant, programs, step };
    this.#compiled.set(variant, compiled);
    return compiled;
  }

  #readLogits(variant: PlanVariant, outputs: number): Float32Array {
    const place = outputPlaces(variant).find(({ name }) => name === "logits");
    if (place === undefined) throw new RangeError("the plan has no output 'logits'");
    const count = outputs * this.vocab;
    if (this.#logits.length < count) this.#logits = new Float32Array(count);
    const logits = this.#logits.subarray(0, count);
    this.#device(place.device).read(place.region, place.offset, new Uint8Array(logits.buffer, 0, 4 * count));
    return logits;
  }

  #device(id: string): Device {
    const device = this.#devices.find((d) => d.id === id);
    if (device === undefined) throw new RangeError(`the plan names the device '${id}' without listing it`);
    return device;
  }
}
