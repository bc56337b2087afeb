import { type Device, deviceId, type Program, type RegionName, regionNames } from "@tensorplan/backend-api";
import { PAGE_ROWS, size, TensorplanError } from "@tensorplan/ir";
import { type Plan, type PlanVariant, planFor, splitProgram, weightPlaces } from "@tensorplan/scheduler";
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
        for (const region of regionNames) device.allocate(region, planDevice[region]);
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
    for (const input of this.#plan.inputs) {
      const values = step.inputs[input.name] as Int32Array;
      for (const { device, offset } of input.places) {
        this.#device(device).write(
          "inputs",
          offset,
          new Uint8Array(values.buffer, values.byteOffset, values.byteLength),
        );
      }
    }
    await compiled.step.run(
      Object.keys(this.#plan.graph.symbols).map((name) => symbols[name] as number),
      signal,
    );
    return this.#readLogits(variant, symbols.outputs as number);
  }

  copyPage(from: number, to: number): void {
    for (const state of this.#plan.states) {
      const slots = this.#plan.graph.symbols.slots as number;
      const page = new Uint8Array((state.bytes / slots) * PAGE_ROWS);
      const device = this.#device(state.device);
      device.read("states", state.offset + from * page.length, page);
      device.write("states", state.offset + to * page.length, page);
    }
  }

  /** What each device holds against what the plan said. */
  memory(): readonly MemoryFigure[] {
    return this.#plan.devices.map((planned) => ({
      device: planned.id,
      planned: {
        weights: planned.weights,
        states: planned.states,
        inputs: planned.inputs,
        arena: planned.arena,
      },
      counted: this.#device(planned.id).counters().regionBytes,
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
    const index = new Map(variant.order.map((id, i) => [id, i]));
    const waitsOn = (ids: readonly string[]) => ids.map((id) => index.get(id) as number);
    const deviceIndex = (id: string) => this.#plan.devices.findIndex((device) => device.id === id);
    const tasks = variant.order.map((id): StepTask => {
      const split = variant.splits.find((s) => s.id === id);
      if (split !== undefined) {
        const description = splitProgram(this.#plan, variant, split);
        const program = this.#device(split.device).compile(description);
        programs.push(program);
        return {
          kind: "run",
          device: deviceIndex(split.device),
          program,
          symbols: description.symbols,
          waits: waitsOn(split.waits),
        };
      }
      const transfer = variant.transfers.find((t) => t.id === id);
      if (transfer === undefined)
        throw new RangeError(`the plan's order names '${id}', which is neither split nor transfer`);
      return {
        kind: "copy",
        value: transfer.value,
        from: { device: deviceIndex(transfer.from), region: "arena", offset: transfer.fromOffset },
        to: { device: deviceIndex(transfer.to), region: "arena", offset: transfer.toOffset },
        bytes: size(transfer.formula),
        waits: waitsOn([transfer.after]),
      };
    });
    const step = this.#executor.compile({ tasks, symbols: Object.keys(this.#plan.graph.symbols) });
    const compiled = { variant, programs, step };
    this.#compiled.set(variant, compiled);
    return compiled;
  }

  #readLogits(variant: PlanVariant, outputs: number): Float32Array {
    const place = variant.outputs.find(({ name }) => name === "logits");
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
