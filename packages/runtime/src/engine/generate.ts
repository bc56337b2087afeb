import type { Tokenizer } from "@tensorplan/models";
import type { SamplerChain } from "../sampling/samplerChain.ts";
import type { Sequence } from "./sequence.ts";

/** What `generate` needs of an engine. */
export interface GeneratingEngine {
  readonly tokenizer: Tokenizer;
  prefill(
    sequence: Sequence,
    tokens: readonly number[],
    options?: { signal?: AbortSignal | undefined },
  ): Promise<Float32Array>;
  decode(
    entries: readonly { readonly sequence: Sequence; readonly token: number }[],
    options?: { signal?: AbortSignal | undefined },
  ): Promise<readonly Float32Array[]>;
}

export interface GenerateOptions {
  readonly sampler: SamplerChain;
  /** Most tokens to generate; absent: until the model ends its text or the context is full. */
  readonly maxTokens?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Don't stop at end-of-text tokens. */
  readonly ignoreEnd?: boolean | undefined;
  /** A second sequence with another prompt, for classifier-free guidance; the sampler's options give its weight. */
  readonly guidance?: { readonly sequence: Sequence; readonly tokens: readonly number[] } | undefined;
}

export interface GeneratedToken {
  /** Undefined for the remains of a character whose last bytes never came. */
  readonly token: number | undefined;
  /** Text that this token completes: empty while a character's bytes are still coming. */
  readonly text: string;
}

/**
 * Reads a prompt and yields what follows it, token by token. An end-of-text token is not yielded. The sequence keeps the prompt and all
 * yielded tokens but the last, whose row no step has computed yet.
 */
export async function* generate(
  engine: GeneratingEngine,
  sequence: Sequence,
  prompt: readonly number[],
  { sampler, maxTokens = Number.POSITIVE_INFINITY, signal, ignoreEnd = false, guidance }: GenerateOptions,
): AsyncGenerator<GeneratedToken, void, void> {
  const text = engine.tokenizer.streamDecoder();
  for (const token of prompt) sampler.accept(token);
  let logits = await engine.prefill(sequence, prompt, { signal });
  let uncond = guidance && (await engine.prefill(guidance.sequence, guidance.tokens, { signal }));
  for (let count = 0; count < maxTokens; count++) {
    const token = sampler.sample(logits, uncond === undefined ? {} : { uncond });
    if (!ignoreEnd && engine.tokenizer.eog.has(token)) break;
    sampler.accept(token);
    const piece = text.push(token);
    const last = count + 1 >= maxTokens;
    yield { token, text: last ? piece + text.end() : piece };
    if (last) return;
    const entries = [
      { sequence, token },
      ...(guidance === undefined ? [] : [{ sequence: guidance.sequence, token }]),
    ];
    const next = await engine.decode(entries, { signal });
    logits = next[0] as Float32Array;
    uncond = next[1];
  }
  const rest = text.end();
  if (rest !== "") yield { token: undefined, text: rest };
}
