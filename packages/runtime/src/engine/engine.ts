import { PAGE_ROWS, TensorplanError } from "@tensorplan/ir";
import { type Model, type Tokenizer, tokenizerFromGguf } from "@tensorplan/models";
import type { Plan } from "@tensorplan/scheduler";
import type { MemoryFigure } from "../execute/planExecutor.ts";
import type { RunDifference } from "../record/differences.ts";
import type { LedgerRow } from "../record/traffic.ts";
import { EngineSteps, type OnLogits, type SequenceTokens } from "./engineSteps.ts";
import { ModelRunner } from "./modelRunner.ts";
import type { EngineOptions } from "./options.ts";
import { PagePool } from "./pagePool.ts";
import { type PlannedModel, planModel } from "./planModel.ts";
import { requireFile } from "./requireRunnable.ts";
import { Sequence } from "./sequence.ts";

export interface PrefillOptions {
  readonly signal?: AbortSignal | undefined;
  /** Which positions' logits are computed; absent: the last. */
  readonly outputs?: "last" | "all" | undefined;
  /** Called for each position whose logits are computed, in order; `logits` is valid until it returns. */
  readonly onLogits?: ((position: number, logits: Float32Array) => void) | undefined;
}

/**
 * A loaded model: feeds tokens to sequences and gives logits. Calls run one after another; each may be cancelled. The logits of a call
 * are the caller's own.
 */
export class Engine {
  readonly planned: PlannedModel;
  readonly #runner: ModelRunner;
  readonly #pool: PagePool;
  readonly #steps: EngineSteps;
  #tokenizer: Tokenizer | undefined;
  #turn: Promise<unknown> = Promise.resolve();
  #disposed = false;

  private constructor(planned: PlannedModel, runner: ModelRunner) {
    this.planned = planned;
    this.#runner = runner;
    this.#pool = new PagePool(planned.limits.slots / PAGE_ROWS);
    this.#steps = new EngineSteps(runner, this.#pool, {
      microBatch: planned.limits.tokens,
      maxOutputs: planned.limits.outputs,
      maxSequences: planned.limits.sequences,
      vocab: runner.vocab,
    });
  }

  /** Plans a model, opens the devices and loads the weights. Nothing stays open when it fails. */
  static async load(options: EngineOptions = {}): Promise<Engine> {
    return Engine.start(await planModel(options), options);
  }

  /** Loads a model that is planned already. */
  static async start(planned: PlannedModel, options: EngineOptions = {}): Promise<Engine> {
    return new Engine(planned, await ModelRunner.start(planned, options));
  }

  get plan(): Plan {
    return this.planned.plan;
  }

  get model(): Model {
    return this.planned.model;
  }

  get contextLength(): number {
    return this.planned.limits.context;
  }

  /** @throws TensorplanError `tokenizer/…` when the file has no usable vocabulary */
  get tokenizer(): Tokenizer {
    this.#tokenizer ??= tokenizerFromGguf(requireFile(this.planned).metadata);
    return this.#tokenizer;
  }

  /** A new, empty sequence. Dispose of it to give its cache pages back. */
  sequence(): Sequence {
    this.#alive();
    return new Sequence(this.#pool, this.contextLength, (from, to) => this.#runner.copyPage(from, to));
  }

  /** Appends tokens to a sequence, in micro-batches, and returns the logits of the last one, f32 [vocab]. */
  async prefill(
    sequence: Sequence,
    tokens: readonly number[],
    options: PrefillOptions = {},
  ): Promise<Float32Array> {
    const { signal, outputs = "last", onLogits } = options;
    const last = new Float32Array(this.#runner.vocab);
    const end = sequence.length + tokens.length - 1;
    const keep: OnLogits = (_, position, logits) => {
      if (position === end) last.set(logits);
      onLogits?.(position, logits);
    };
    await this.feed([{ sequence, tokens, outputs }], keep, signal);
    return last;
  }

  /** Appends one token to each sequence and returns their logits, f32 [vocab] each, in order. */
  async decode(
    entries: readonly { readonly sequence: Sequence; readonly token: number }[],
    { signal }: { readonly signal?: AbortSignal | undefined } = {},
  ): Promise<Float32Array[]> {
    const results = entries.map(() => new Float32Array(this.#runner.vocab));
    await this.feed(
      entries.map(({ sequence, token }) => ({ sequence, tokens: [token], outputs: "last" })),
      (entry, _, logits) => (results[entry] as Float32Array).set(logits),
      signal,
    );
    return results;
  }

  /** Appends tokens to several sequences; those whose numbers of new tokens no threshold of the plan parts share steps. */
  async feed(entries: readonly SequenceTokens[], onLogits: OnLogits, signal?: AbortSignal): Promise<void> {
    const before = this.#turn;
    const work = (async () => {
      await before.catch(() => {});
      this.#alive();
      signal?.throwIfAborted();
      await this.#steps.feed(entries, onLogits, signal);
    })();
    this.#turn = work.catch(() => {});
    await work;
  }

  /** What each device holds against what the plan said. */
  memory(): readonly MemoryFigure[] {
    return this.#runner.executor.memory();
  }

  /** Every copy since loading: planned bytes, and those counted where memory was copied. */
  ledger(): readonly LedgerRow[] {
    return this.#runner.executor.ledger();
  }

  /** Where the run so far differs from the plan in memory, copies or executed splits. Nothing, where all is well. */
  differences(): readonly RunDifference[] {
    return this.#runner.executor.differences();
  }

  /** Waits for the call that is running, then frees everything. */
  async dispose(): Promise<void> {
    if (this.#disposed) return;
    this.#disposed = true;
    await this.#turn;
    this.#runner.dispose();
  }

  #alive(): void {
    if (this.#disposed) {
      throw new TensorplanError({
        code: "engine/disposed",
        message: "the engine was disposed of",
        hint: "load a new one with Engine.load()",
      });
    }
  }
}
