import type { Engine } from "@tensorplan/runtime";
import type { ReferenceModel, ReferencePrompt } from "./reference.ts";

/** How far an engine's logits are from the reference for one prompt. */
export interface LogitDifference {
  readonly largest: number;
  readonly mean: number;
  /** Standard deviation of the reference's logits. */
  readonly spread: number;
  readonly topEqual: number;
  readonly positions: number;
}

const argmax = (values: Float32Array): number => {
  let best = 0;
  for (let i = 1; i < values.length; i++) if ((values[i] as number) > (values[best] as number)) best = i;
  return best;
};

function spreadOf(values: Float32Array): number {
  const mean = values.reduce((sum, v) => sum + v, 0) / values.length;
  return Math.sqrt(values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / values.length);
}

/** Compares the best eight logits of every position and all logits of the last. */
export async function compareLogits(
  engine: Engine,
  prompt: ReferencePrompt,
  reference: Float32Array,
): Promise<LogitDifference> {
  const sequence = engine.sequence();
  let largest = 0;
  let topEqual = 0;
  let sum = 0;
  const last = await engine.prefill(sequence, prompt.ids, {
    outputs: "all",
    onLogits(position, logits) {
      const ids = prompt.top8_ids[position] as readonly number[];
      if (argmax(logits) === ids[0]) topEqual++;
      ids.forEach((id, i) => {
        const expected = (prompt.top8_logits[position] as readonly number[])[i] as number;
        largest = Math.max(largest, Math.abs((logits[id] as number) - expected));
      });
    },
  });
  reference.forEach((expected, id) => {
    const difference = Math.abs((last[id] as number) - expected);
    largest = Math.max(largest, difference);
    sum += difference;
  });
  sequence.dispose();
  return {
    largest,
    mean: sum / reference.length,
    spread: spreadOf(reference),
    topEqual,
    positions: prompt.ids.length,
  };
}

/** Continues a prompt greedily and returns the step at which the text first differs, or undefined. */
export async function firstGreedyDifference(
  engine: Engine,
  prompt: ReferencePrompt,
): Promise<number | undefined> {
  const sequence = engine.sequence();
  let logits = await engine.prefill(sequence, prompt.ids);
  try {
    for (let step = 0; step < prompt.greedy.length; step++) {
      const token = argmax(logits);
      if (token !== prompt.greedy[step]) return step;
      [logits = logits] = await engine.decode([{ sequence, token }]);
    }
    return undefined;
  } finally {
    sequence.dispose();
  }
}

/** Negative log-likelihood of the first `chunks` chunks of tokens, each fed as a start token and all but its last token. */
export async function chunkLosses(
  engine: Engine,
  model: ReferenceModel,
  tokens: readonly number[],
  chunks: number,
): Promise<readonly number[]> {
  const { chunk } = model.perplexity as { chunk: number };
  const losses: number[] = [];
  for (let c = 0; c < chunks; c++) {
    const ids = tokens.slice(c * chunk, (c + 1) * chunk);
    const sequence = engine.sequence();
    let loss = 0;
    await engine.prefill(sequence, [0, ...ids.slice(0, -1)], {
      outputs: "all",
      onLogits(position, logits) {
        const best = logits.reduce((m, v) => Math.max(m, v), Number.NEGATIVE_INFINITY);
        const total = logits.reduce((s, v) => s + Math.exp(v - best), 0);
        loss += best + Math.log(total) - (logits[ids[position] as number] as number);
      },
    });
    sequence.dispose();
    losses.push(loss);
  }
  return losses;
}
