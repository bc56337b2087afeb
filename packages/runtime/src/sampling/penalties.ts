import type { Candidates } from "./candidates.ts";
import { samplingError } from "./samplerError.ts";
import type { TokenWindow } from "./tokenWindow.ts";

/** 1, 0 and 0 change nothing. */
export interface Penalties {
  /** Positive logits are divided by it, others multiplied (CTRL, arXiv:1909.05858, section 4.1). */
  readonly repeat: number;
  /** Subtracted for each time the token is in the window. */
  readonly frequency: number;
  /** Subtracted once. */
  readonly presence: number;
}

/** Makes the tokens of the window less likely (or more, if a penalty is below its neutral value). */
export function applyPenalties(c: Candidates, window: TokenWindow, penalties: Penalties): void {
  const { repeat, frequency, presence } = penalties;
  const logits = c.logits;
  window.forEach((times, token) => {
    if (token >= c.vocab) {
      throw samplingError(
        "sampler/bad-token",
        `token ${token} was accepted, but the vocabulary has ${c.vocab} tokens`,
        "give the sampler only ids from the model whose logits it samples",
      );
    }
    const at = c.positionOf(token);
    if (at < 0) return;
    const v = logits[at] as number;
    logits[at] = (v > 0 ? v / repeat : v * repeat) - times * frequency - presence;
  });
}
