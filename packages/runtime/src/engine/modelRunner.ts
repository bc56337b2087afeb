import { PAGE_ROWS } from "@tensorplan/ir";
import { planFor } from "@tensorplan/scheduler";
import { fileSource } from "../execute/fileSource.ts";
import { PlanExecutor } from "../execute/planExecutor.ts";
import type { EngineOptions } from "./options.ts";
import type { PlannedModel } from "./planModel.ts";
import { requireDevices, requireFile } from "./requireRunnable.ts";
import type { AssembledStep } from "./stepInputs.ts";
import type { StepRunner } from "./stepRunner.ts";

/** Runs a language model's steps on a plan's executor. */
export class ModelRunner implements StepRunner {
  readonly vocab: number;
  readonly executor: PlanExecutor;
  #logits = new Float32Array(0);

  private constructor(executor: PlanExecutor, vocab: number) {
    this.executor = executor;
    this.vocab = vocab;
  }

  static async start(planned: PlannedModel, options: EngineOptions): Promise<ModelRunner> {
    const { plan, model } = planned;
    const file = requireFile(planned);
    const found = await requireDevices(planned);
    const executor = await PlanExecutor.open(plan, {
      devices: found.devices,
      backendOptions: found.options,
      source: fileSource(file),
      onProgress: options.onProgress,
      signal: options.signal,
      recorder: options.recorder,
      makeExecutor: options.makeExecutor,
    });
    return new ModelRunner(executor, model.shape.vocab);
  }

  kindOf(newTokens: number): number {
    const { variants } = this.executor.plan;
    return Math.max(
      ...variants
        .map(({ box: { tokensPerSequence: range } }) => range.from)
        .filter((from) => from <= newTokens),
    );
  }

  async run(newTokens: number, step: AssembledStep, signal: AbortSignal | undefined): Promise<Float32Array> {
    const { inputs, symbols } = step;
    const variant = planFor(this.executor.plan, {
      tokensPerSequence: newTokens,
      tokens: symbols.tokens as number,
      context: step.rows,
      sequences: symbols.sequences as number,
    });
    await this.executor.run(variant, inputs, symbols, signal);
    const count = (symbols.outputs as number) * this.vocab;
    if (this.#logits.length < count) this.#logits = new Float32Array(count);
    this.executor.readOutput(variant, "logits", new Uint8Array(this.#logits.buffer, 0, 4 * count));
    return this.#logits.subarray(0, count);
  }

  copyPage(from: number, to: number): void {
    this.executor.copyPage(from, to, PAGE_ROWS);
  }

  dispose(): void {
    this.executor.dispose();
  }
}
