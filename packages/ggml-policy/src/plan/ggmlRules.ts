import type { Action, Rule } from "@tensorplan/scheduler";
import type { StoredWeight } from "../llama/placeWeights.ts";
import { causeRules } from "../sched/cause.ts";

export const COPIES_RULE = "ggml: copies what a split reads from elsewhere";
export const CACHE_RULE = "ggml: caches follow their layer, or -nkvo";

const rule = (name: string, action: Action, why: string, when: Rule["when"] = {}): Rule => ({
  name,
  origin: { kind: "default" },
  when,
  do: action,
  else: "next",
  why,
  optional: true,
});

/** The scheduler's steps and the flags as a list of rules: what decides in ggml, in ggml's order. */
export function ggmlRules(
  weights: readonly StoredWeight[],
  devices: readonly string[],
  deviceOf: (buffer: string) => string,
): readonly Rule[] {
  const anywhere: Action = { prefer: devices };
  const stores = new Map<string, Rule>();
  for (const { because, buffer } of weights) {
    if (stores.has(because)) continue;
    const origin: Rule["origin"] = because.startsWith("-")
      ? { kind: "flag", text: because }
      : { kind: "default" };
    stores.set(because, {
      ...rule(because, { store: deviceOf(buffer) }, "storage; computing follows"),
      origin,
    });
  }
  const actions: Readonly<Record<string, Action>> = {
    weight: { follow: "weight" },
    buffer: { follow: "state" },
    down: { follow: "latest" },
    up: { follow: "consumers" },
  };
  return [
    ...stores.values(),
    rule(CACHE_RULE, anywhere, "each layer's cache lies on the device of the layer", { kind: "state" }),
    ...causeRules.map(({ name, why, kind }) => rule(name, actions[kind] ?? anywhere, why, { kind: "node" })),
    rule(COPIES_RULE, { transfer: "activations" }, "weights that are computed elsewhere among them"),
  ];
}
