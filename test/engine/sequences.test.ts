import { createSampler, Engine, generate } from "@tensorplan/runtime";
import { expect, test } from "vitest";
import { expectSameBits, someTokens, withEngine } from "./support.ts";

const base = { backend: "cpu", contextLength: 256, microBatch: 128 } as const;

test("a fork goes on as the original would, and leaves the original alone", async () => {
  await withEngine({ ...base, sequences: 2 }, async (engine) => {
    const sequence = engine.sequence();
    await engine.prefill(sequence, someTokens(70, 4096));
    const fork = sequence.fork();
    await engine.decode([{ sequence: fork, token: 9 }]);
    const [other] = await engine.decode([{ sequence: fork, token: 11 }]);
    await engine.decode([{ sequence, token: 9 }]);
    const [own] = await engine.decode([{ sequence, token: 11 }]);
    expectSameBits(other as Float32Array, own as Float32Array);
  });
});

test("after truncating, a sequence is as if the rest had never been", async () => {
  await withEngine({ ...base, sequences: 2 }, async (engine) => {
    const prompt = someTokens(40, 4096);
    const fresh = engine.sequence();
    await engine.prefill(fresh, prompt);
    const [expected] = await engine.decode([{ sequence: fresh, token: 5 }]);
    const sequence = engine.sequence();
    await engine.prefill(sequence, [...prompt, ...someTokens(60, 4096, 2)]);
    sequence.truncate(40);
    const [logits] = await engine.decode([{ sequence, token: 5 }]);
    expectSameBits(logits as Float32Array, expected as Float32Array);
  });
});

test("a cancelled call adds no tokens, and the engine works on", async () => {
  await withEngine(base, async (engine) => {
    const sequence = engine.sequence();
    await expect(
      engine.prefill(sequence, someTokens(100, 4096), { signal: AbortSignal.abort() }),
    ).rejects.toThrow(/abort|cancel/);
    const stop = new AbortController();
    const running = engine.prefill(sequence, someTokens(128, 4096), { signal: stop.signal });
    stop.abort();
    await expect(running).rejects.toThrow(/abort|cancel/);
    expect(sequence.length).toBe(0);
    await engine.prefill(sequence, someTokens(20, 4096));
    expect(sequence.length).toBe(20);
  });
});

test("calls that overlap run one after another", async () => {
  await withEngine({ ...base, sequences: 2 }, async (engine) => {
    const [a, b] = [engine.sequence(), engine.sequence()];
    const tokens = someTokens(30, 4096);
    const both = await Promise.all([engine.prefill(a, tokens), engine.prefill(b, tokens)]);
    expectSameBits(both[0], both[1]);
  });
});

test("refuses tokens that aren't in the vocabulary, empty prompts, and prompts longer than the context", async () => {
  await withEngine(base, async (engine) => {
    const code = (tokens: readonly number[]) =>
      engine.prefill(engine.sequence(), tokens).then(
        () => "no error",
        (error: { code?: string }) => error.code,
      );
    expect(await code([1, 4096])).toBe("engine/token-range");
    expect(await code([-1])).toBe("engine/token-range");
    expect(await code([1.5])).toBe("engine/token-range");
    expect(await code([])).toBe("engine/no-tokens");
    expect(await code(someTokens(257, 4096))).toBe("engine/context-full");
  });
});

test("a wrong option is an error, not a reason to run slowly", async () => {
  const loading = Engine.load({ ...base, backend: "auto", threads: 0 });
  await expect(loading).rejects.toMatchObject({ code: "engine/no-device" });
});

test("a disposed engine says so", async () => {
  const engine = await withEngine(base, async (e) => e);
  expect(() => engine.sequence()).toThrow(expect.objectContaining({ code: "engine/disposed" }));
  await engine.dispose();
});

test("writes text in ten lines", async () => {
  await withEngine(base, async (engine) => {
    const sampler = createSampler({ temp: 0 });
    const prompt = engine.tokenizer.encode("Sherlock Holmes", { addBos: true });
    let text = "";
    for await (const piece of generate(engine, engine.sequence(), prompt, { sampler, maxTokens: 12 }))
      text += piece.text;
    expect(text).toMatch(/^[\w\s,.;:'"!?-]+$/);
    expect(text.length).toBeGreaterThan(12);
  });
});
