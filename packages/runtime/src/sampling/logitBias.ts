import type { Candidates } from "./candidates.ts";
import { samplingError } from "./samplerError.ts";
import type { LogitBias } from "./samplerOptions.ts";

/** Adds each bias to its token's logit; -Infinity bans the token. */
export function applyLogitBias(c: Candidates, biases: readonly LogitBias[]): void {
  for (const { token, bias } of biases) {
    if (token >= c.vocab) {
      throw samplingError(
        "sampler/bad-token",
        `--logit-bias: token ${token} is not in the vocabulary of ${c.vocab} tokens`,
        "look ids up with `tensorplan tokenize`",
      );
    }
    const at = c.positionOf(token);
    if (at >= 0) c.logits[at] = (c.logits[at] as number) + bias;
  }
}
