import path from "node:path";
import { fileURLToPath } from "node:url";
import { Engine, type EngineOptions, expectAsPlanned, planModel } from "@tensorplan/runtime";
import type { Rule } from "@tensorplan/scheduler";
import { expect } from "vitest";

export const referenceFile = (name: string): string =>
  path.join(path.dirname(fileURLToPath(import.meta.url)), "..", "reference", name);

/** The same pseudo-random numbers everywhere, from 0 to 1. */
export function randomNumbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

export const someTokens = (count: number, vocab: number, seed = 1): number[] => {
  const random = randomNumbers(seed);
  return Array.from({ length: count }, () => Math.floor(random() * vocab));
};

/** Logits of every position, f32 [tokens, vocab], of one sequence that is fed in one call. */
export async function allLogits(engine: Engine, tokens: readonly number[]): Promise<Float32Array> {
  const { vocab } = engine.model.shape;
  const logits = new Float32Array(tokens.length * vocab);
  const sequence = engine.sequence();
  await engine.prefill(sequence, tokens, {
    outputs: "all",
    onLogits: (position, row) => logits.set(row, position * vocab),
  });
  sequence.dispose();
  return logits;
}

/** Loads, works, sees that the run kept to its plan, and disposes. */
export async function withEngine<T>(
  options: EngineOptions,
  work: (engine: Engine) => Promise<T>,
): Promise<T> {
  const engine = await Engine.load(options);
  try {
    const result = await work(engine);
    expectAsPlanned(engine.differences());
    return result;
  } finally {
    await engine.dispose();
  }
}

const bytesOf = (values: Float32Array): Buffer =>
  Buffer.from(values.buffer, values.byteOffset, values.byteLength);

/** Fails unless two arrays have the same bits, and says where they part. (vitest's own comparison takes seconds for a million numbers.) */
export function expectSameBits(values: Float32Array, expected: Float32Array, what = "logits"): void {
  expect(values.length, what).toBe(expected.length);
  if (bytesOf(values).equals(bytesOf(expected))) return;
  const at = values.findIndex((value, i) => !Object.is(value, expected[i]));
  expect.fail(`${what} differ at ${at}: ${values[at]} instead of ${expected[at]}`);
}

/** Largest difference, and the reference's standard deviation. */
export function distance(values: Float32Array, reference: Float32Array): { largest: number; spread: number } {
  let largest = 0;
  let sum = 0;
  let squares = 0;
  reference.forEach((r, i) => {
    largest = Math.max(largest, Math.abs((values[i] as number) - r));
    sum += r;
    squares += r * r;
  });
  const mean = sum / reference.length;
  return { largest, spread: Math.sqrt(squares / reference.length - mean * mean) };
}

/** Rules that put each of a model's nodes on a random device; caches and what must be near them stay together. */
export async function randomPlacement(
  options: EngineOptions,
  devices: readonly string[],
  random: () => number,
): Promise<readonly Rule[]> {
  const { graph } = await planModel(options);
  const pick = () => devices[Math.floor(random() * devices.length)] as string;
  const origin = { kind: "api" } as const;
  return [
    {
      name: "every weight may be held everywhere",
      origin,
      when: {},
      do: { replicate: devices },
      else: "error",
    },
    ...[...new Set(graph.states.map(({ id }) => id.replace(/\.[^.]+$/, "")))].map(
      (id): Rule => ({
        name: `store ${id}`,
        origin,
        when: { state: `${id}.*`, kind: "state" },
        do: { store: pick() },
        else: "error",
      }),
    ),
    ...graph.nodes.map(
      ({ id }): Rule => ({
        name: `place ${id}`,
        origin,
        when: { path: { regex: `^${id.replaceAll(".", "\\.")}(\\.|$)` }, kind: "node" },
        do: { place: pick() },
        else: "next",
        optional: true,
      }),
    ),
  ];
}
