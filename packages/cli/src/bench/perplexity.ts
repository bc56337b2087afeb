/** What one chunk adds: the negative logarithms of the probabilities of its tokens. */
export interface ChunkResult {
  readonly tokens: number;
  readonly nll: number;
}

/** Cuts ids into chunks of `size`; the last may be shorter. */
export function chunksOf(ids: readonly number[], size: number): readonly (readonly number[])[] {
  return Array.from({ length: Math.ceil(ids.length / size) }, (_, i) => ids.slice(i * size, (i + 1) * size));
}

/**
 * What is read and what is predicted for a chunk. With a begin-of-text token each of the chunk's tokens is predicted: the token goes in
 * front and the last one is left out. Without one, the first token has nothing before it and isn't counted.
 */
export const inputsAndTargets = (chunk: readonly number[], bos: number | undefined) =>
  bos === undefined
    ? { inputs: chunk.slice(0, -1), targets: chunk.slice(1) }
    : { inputs: [bos, ...chunk.slice(0, -1)], targets: chunk };

/** -log of the probability that logits give a token, in f64, the largest logit taken out first. */
export function negativeLogLikelihood(logits: Float32Array, token: number): number {
  let largest = Number.NEGATIVE_INFINITY;
  for (const logit of logits) if (logit > largest) largest = logit;
  let sum = 0;
  for (const logit of logits) sum += Math.exp(logit - largest);
  return Math.log(sum) + largest - (logits[token] ?? Number.NaN);
}

export function perplexityOf(chunks: readonly ChunkResult[]): {
  readonly perplexity: number;
  readonly tokens: number;
} {
  const tokens = chunks.reduce((sum, chunk) => sum + chunk.tokens, 0);
  const nll = chunks.reduce((sum, chunk) => sum + chunk.nll, 0);
  return { perplexity: Math.exp(nll / tokens), tokens };
}
