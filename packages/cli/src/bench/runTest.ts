import type { Engine } from "@tensorplan/runtime";
import type { BenchTest } from "./benchTests.ts";
import { randomTokens } from "./randomTokens.ts";

/**
 * Runs one test once.
 * @returns nanoseconds under the clock
 */
export async function runTest(
  engine: Engine,
  vocab: number,
  test: BenchTest,
  signal: AbortSignal,
): Promise<number> {
  const sequence = engine.sequence();
  try {
    const tokens = randomTokens(test.before + test.prompt + test.generate + 1, vocab);
    let at = 0;
    const take = (count: number) => {
      at += count;
      return tokens.slice(at - count, at);
    };
    if (test.before > 0) await engine.prefill(sequence, take(test.before), { signal });
    const started = process.hrtime.bigint();
    if (test.prompt > 0) await engine.prefill(sequence, take(test.prompt), { signal });
    for (const token of take(test.generate)) await engine.decode([{ sequence, token }], { signal });
    return Number(process.hrtime.bigint() - started);
  } finally {
    sequence.dispose();
  }
}

/** A short run, so that the first timed one finds everything in place. */
export const warmUp = (
  engine: Engine,
  vocab: number,
  test: BenchTest,
  signal: AbortSignal,
): Promise<number> =>
  runTest(
    engine,
    vocab,
    { ...test, before: 0, prompt: test.prompt, generate: Math.min(test.generate, 1) },
    signal,
  );
