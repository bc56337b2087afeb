import type { Candidates } from "./candidates.ts";

/** Divides the logits by `temp` > 0: below 1 sharpens the distribution, above 1 flattens it. */
export function applyTemperature(c: Candidates, temp: number): void {
  const { count, logits } = c;
  for (let i = 0; i < count; i++) logits[i] = (logits[i] as number) / temp;
}
