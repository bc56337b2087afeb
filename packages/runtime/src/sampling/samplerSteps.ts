import { match } from "ts-pattern";
import type { Candidates } from "./candidates.ts";
import { applyGreedy } from "./greedy.ts";
import { applyLogitBias } from "./logitBias.ts";
import { applyMinP } from "./minP.ts";
import { applyPenalties } from "./penalties.ts";
import { type SamplerName, truncatingSamplers } from "./samplerNames.ts";
import type { ResolvedSamplerOptions } from "./samplerOptions.ts";
import { applyTailFree } from "./tailFree.ts";
import { applyTemperature } from "./temperature.ts";
import type { TokenWindow } from "./tokenWindow.ts";
import { applyTopK } from "./topK.ts";
import { applyTopP } from "./topP.ts";
import { applyTypical } from "./typical.ts";

/** One step of a chain, with its options bound; it changes the candidates in place. */
export interface SamplerStep {
  readonly name: SamplerName;
  readonly run: (c: Candidates, window: TokenWindow) => void;
}

/** The steps of the order that change anything, guidance apart (it needs a second row of logits). */
export function samplerSteps(o: ResolvedSamplerOptions): readonly SamplerStep[] {
  const steps = o.order.filter((name) => hasEffect(name, o)).map((name) => ({ name, run: bind(name, o) }));
  if (o.temp > 0) return steps;
  // What comes after greedy has one token to work on; what comes right before and always lets the most likely token
  // through, can't change which one that is.
  let end = steps.findIndex((s) => s.name === "temperature");
  const greedy = steps.slice(end, end + 1);
  while (end > 0 && keepsBest(steps[end - 1])) end--;
  return [...steps.slice(0, end), ...greedy];
}

function keepsBest(step: SamplerStep | undefined): boolean {
  return step !== undefined && truncatingSamplers.has(step.name) && step.name !== "typical_p";
}

function hasEffect(name: SamplerName, o: ResolvedSamplerOptions): boolean {
  return match(name)
    .with("cfg", () => false)
    .with("logit_bias", () => o.logitBias.length > 0)
    .with(
      "penalties",
      () =>
        o.repeatLastN !== 0 && (o.repeatPenalty !== 1 || o.frequencyPenalty !== 0 || o.presencePenalty !== 0),
    )
    .with("top_k", () => o.topK > 0)
    .with("tfs_z", () => o.tfsZ < 1)
    .with("typical_p", () => o.typicalP < 1)
    .with("top_p", () => o.topP < 1)
    .with("min_p", () => o.minP > 0)
    .with("temperature", () => o.temp !== 1)
    .exhaustive();
}

function bind(name: SamplerName, o: ResolvedSamplerOptions): SamplerStep["run"] {
  const penalties = { repeat: o.repeatPenalty, frequency: o.frequencyPenalty, presence: o.presencePenalty };
  return match<SamplerName, SamplerStep["run"]>(name)
    .with("cfg", () => () => {})
    .with("logit_bias", () => (c) => applyLogitBias(c, o.logitBias))
    .with("penalties", () => (c, window) => applyPenalties(c, window, penalties))
    .with("top_k", () => (c) => applyTopK(c, o.topK))
    .with("tfs_z", () => (c) => applyTailFree(c, o.tfsZ))
    .with("typical_p", () => (c) => applyTypical(c, o.typicalP))
    .with("top_p", () => (c) => applyTopP(c, o.topP))
    .with("min_p", () => (c) => applyMinP(c, o.minP))
    .with("temperature", () => (o.temp > 0 ? (c) => applyTemperature(c, o.temp) : applyGreedy))
    .exhaustive();
}
