import { PAGE_ROWS, TensorplanError } from "@tensorplan/ir";
import type { PagePool } from "./pagePool.ts";
import type { Sequence } from "./sequence.ts";
import { assembleStep, type StepEntry } from "./stepInputs.ts";
import type { StepRunner } from "./stepRunner.ts";

/** New tokens of one sequence. */
export interface SequenceTokens {
  readonly sequence: Sequence;
  readonly tokens: readonly number[];
  /** Which of the tokens want logits: the last one, all, or none. */
  readonly outputs: "last" | "all" | "none";
}

/** Called for each position whose logits were asked for, in order. `logits` is valid until the callback returns. */
export type OnLogits = (entry: number, position: number, logits: Float32Array) => void;

export interface StepSizes {
  /** Most tokens in one step. */
  readonly microBatch: number;
  readonly maxOutputs: number;
  readonly maxSequences: number;
  readonly vocab: number;
}

interface Piece {
  readonly index: number;
  readonly from: number;
  readonly count: number;
  readonly outputs: number;
}

/** How many of the tokens `[from, from + count)` want logits; they are always the last ones. */
const outputsOf = ({ tokens, outputs }: SequenceTokens, from: number, count: number): number => {
  if (outputs === "all") return count;
  return outputs === "last" && from + count === tokens.length ? 1 : 0;
};

/** Cuts the entries, in order, into steps that keep within the limits. */
export function cutIntoSteps(
  entries: readonly (readonly [number, SequenceTokens])[],
  sizes: StepSizes,
): readonly (readonly Piece[])[] {
  const steps: Piece[][] = [];
  let step: Piece[] = [];
  let tokens = 0;
  let outputs = 0;
  const close = () => {
    if (step.length > 0) steps.push(step);
    step = [];
    tokens = 0;
    outputs = 0;
  };
  for (const [index, entry] of entries) {
    let from = 0;
    while (from < entry.tokens.length) {
      let count = Math.min(entry.tokens.length - from, sizes.microBatch - tokens);
      if (entry.outputs === "all") count = Math.min(count, sizes.maxOutputs - outputs);
      const wanted = count > 0 ? outputsOf(entry, from, count) : 0;
      if (count <= 0 || outputs + wanted > sizes.maxOutputs || step.length === sizes.maxSequences) {
        close();
        continue;
      }
      step.push({ index, from, count, outputs: wanted });
      tokens += count;
      outputs += wanted;
      from += count;
    }
  }
  close();
  return steps;
}

/**
 * Feeds tokens to sequences in micro-batches. Only sequences whose numbers of new tokens no threshold of the plan parts share a
 * step, and the number counts the whole call: how a prompt is cut doesn't change how it is computed. A sequence keeps the tokens of the
 * steps that finished; a failed or cancelled step adds none.
 */
export class EngineSteps {
  readonly #runner: StepRunner;
  readonly #pool: PagePool;
  readonly #sizes: StepSizes;

  constructor(runner: StepRunner, pool: PagePool, sizes: StepSizes) {
    this.#runner = runner;
    this.#pool = pool;
    this.#sizes = sizes;
  }

  async feed(entries: readonly SequenceTokens[], onLogits: OnLogits, signal?: AbortSignal): Promise<void> {
    this.#check(entries);
    const groups = new Map<number, [number, SequenceTokens][]>();
    entries.forEach((entry, index) => {
      const kind = this.#runner.kindOf(entry.tokens.length);
      groups.set(kind, [...(groups.get(kind) ?? []), [index, entry]]);
    });
    for (const group of groups.values()) {
      for (const pieces of cutIntoSteps(group, this.#sizes)) {
        signal?.throwIfAborted();
        await this.#step(entries, pieces, onLogits, signal);
      }
    }
  }

  async #step(
    entries: readonly SequenceTokens[],
    pieces: readonly Piece[],
    onLogits: OnLogits,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const parts = pieces.map((piece): StepEntry => {
      const { sequence, tokens } = entries[piece.index] as SequenceTokens;
      return { sequence, tokens: tokens.slice(piece.from, piece.from + piece.count), outputs: piece.outputs };
    });
    for (const { sequence, tokens } of parts) sequence.reserve(tokens.length);
    const slots = this.#pool.pages * PAGE_ROWS;
    const newTokens = (entries[pieces[0]?.index ?? 0] as SequenceTokens).tokens.length;
    const logits = await this.#runner.run(newTokens, assembleStep(parts, slots), signal);
    const { vocab } = this.#sizes;
    let row = 0;
    parts.forEach(({ sequence, tokens, outputs }, i) => {
      const first = sequence.length + tokens.length - outputs;
      sequence.commit(tokens);
      for (let o = 0; o < outputs; o++, row++) {
        onLogits((pieces[i] as Piece).index, first + o, logits.subarray(row * vocab, (row + 1) * vocab));
      }
    });
  }

  #check(entries: readonly SequenceTokens[]): void {
    const { vocab } = this.#sizes;
    const seen = new Set<Sequence>();
    for (const { sequence, tokens } of entries) {
      if (seen.has(sequence)) {
        throw new TensorplanError({
          code: "engine/sequence-twice",
          message: "a sequence stands twice in one call",
          hint: "give each sequence's tokens in one entry",
        });
      }
      seen.add(sequence);
      if (tokens.length === 0) {
        throw new TensorplanError({
          code: "engine/no-tokens",
          message: "there is nothing to compute: the list of tokens is empty",
          hint: "give at least one token, such as the start-of-text token",
        });
      }
      const wrong = tokens.find((token) => !Number.isInteger(token) || token < 0 || token >= vocab);
      if (wrong !== undefined) {
        throw new TensorplanError({
          code: "engine/token-range",
          message: `${wrong} isn't a token of this model, whose vocabulary has ${vocab}`,
          hint: `tokens are whole numbers from 0 to ${vocab - 1}`,
        });
      }
    }
  }
}
