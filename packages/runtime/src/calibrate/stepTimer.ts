import { type Device, deviceId, type Program, regionNames } from "@tensorplan/backend-api";
import { PAGE_ROWS, TensorplanError } from "@tensorplan/ir";
import {
  type EstimatedStep,
  inputPlaces,
  type PlanVariant,
  planFor,
  programSymbols,
  regionBytes,
  splitProgram,
  stepSizes,
  weightPlaces,
} from "@tensorplan/scheduler";
import type { PlannedModel } from "../engine/planModel.ts";
import { requireDevices, requireFile } from "../engine/requireRunnable.ts";
import { fileSource } from "../execute/fileSource.ts";
import { loadWeights } from "../execute/loadWeights.ts";

/** Nanoseconds of each node of a variant, by its position; 0 for views. */
export type NodeTimes = Float64Array;

const refuse = (message: string): TensorplanError =>
  new TensorplanError({
    code: "calibrate/device",
    message,
    hint: "calibrate with one device whose programs can time their nodes, such as the CPU backend's",
  });

/** Runs steps of a model on its only device and times every node. What the model computes is of no interest: its caches hold zeros. */
export class StepTimer {
  readonly planned: PlannedModel;
  readonly #device: Device;
  /** Steps so far: each has other tokens, and with them other experts. */
  #runs = 0;
  readonly #programs = new Map<PlanVariant, readonly Program[]>();

  private constructor(planned: PlannedModel, device: Device) {
    this.planned = planned;
    this.#device = device;
  }

  /** Opens the device and loads the weights. @throws TensorplanError `calibrate/device` for a plan of several devices */
  static async open(planned: PlannedModel, signal?: AbortSignal): Promise<StepTimer> {
    const { plan } = planned;
    const found = await requireDevices(planned);
    const file = requireFile(planned);
    const [only, ...others] = found.devices;
    if (only === undefined || others.length > 0) throw refuse("a plan of several devices can't be timed");
    const device = only.backend.open(deviceId(only.profile.id), found.options);
    try {
      const bytes = regionBytes(plan, device.id);
      for (const region of regionNames) device.allocate(region, bytes[region]);
      await loadWeights(
        fileSource(file),
        [{ device, places: weightPlaces(plan, device.id) }],
        undefined,
        signal,
      );
      return new StepTimer(planned, device);
    } catch (error) {
      device.dispose();
      throw error;
    }
  }

  variantOf(step: EstimatedStep): PlanVariant {
    return planFor(this.planned.plan, stepSizes(step));
  }

  /** Runs one step and says what each node took. */
  async run(step: EstimatedStep, signal?: AbortSignal): Promise<NodeTimes> {
    const { plan } = this.planned;
    const variant = this.variantOf(step);
    const programs = this.#programs.get(variant) ?? this.#compile(variant);
    const { inputs, symbols } = stepValues(step, plan.graph.symbols.slots ?? 0, this.#runs++);
    for (const { name, region, offset } of inputPlaces(plan)) {
      const values = inputs[name] as Int32Array;
      this.#device.write(region, offset, new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
    }
    const times = new Float64Array(variant.nodes.length);
    const order = programSymbols(plan).map((name) => symbols[name] as number);
    for (const [index, program] of programs.entries()) {
      await program.run(order, signal);
      const moments = program.moments?.() ?? new Float64Array();
      variant.splits[index]?.nodes.forEach((position, i) => {
        times[position] = (moments[i + 1] as number) - (moments[i] as number);
      });
    }
    return times;
  }

  dispose(): void {
    for (const programs of this.#programs.values()) for (const program of programs) program.dispose();
    this.#programs.clear();
    this.#device.dispose();
  }

  #compile(variant: PlanVariant): readonly Program[] {
    const programs = variant.splits.map((split) => {
      const program = this.#device.compile(splitProgram(this.planned.plan, variant, split));
      if (program.setTiming === undefined || program.moments === undefined) {
        throw refuse(`the device '${this.#device.id}' can't time its kernels`);
      }
      program.setTiming(true);
      return program;
    });
    this.#programs.set(variant, programs);
    return programs;
  }
}

/** Inputs of a step whose sequences have equally many new tokens, the last of their contexts. Token ids follow a pattern. */
function stepValues(
  { tokens, context, sequences, outputs = Math.min(sequences, tokens) }: EstimatedStep,
  slots: number,
  run: number,
) {
  const pages = Math.ceil(context / PAGE_ROWS);
  const each = Math.ceil(tokens / sequences);
  const sequenceOf = Int32Array.from({ length: tokens }, (_, t) => Math.floor(t / each));
  const positions = sequenceOf.map((sequence, t) => {
    const count = Math.min(each, tokens - sequence * each);
    return Math.max(0, context - count) + (t - sequence * each);
  });
  const symbols: Readonly<Record<string, number>> = {
    tokens,
    outputs,
    sequences,
    pages,
    context: pages * PAGE_ROWS,
    slots,
  };
  const inputs: Readonly<Record<string, Int32Array>> = {
    // Primes visit tokens, and with them experts, evenly.
    tokens: Int32Array.from({ length: tokens }, (_, t) => (2 + t * 997 + run * 7919) % 4000),
    positions,
    sequence_of: sequenceOf,
    slots: positions.map((position, t) => (sequenceOf[t] as number) * pages * PAGE_ROWS + position),
    page_table: Int32Array.from({ length: sequences * pages }, (_, i) => i),
    output_rows: Int32Array.from({ length: outputs }, (_, i) => tokens - outputs + i),
  };
  return { inputs, symbols };
}
