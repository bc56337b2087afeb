/**
 * The steps that a user can put in an order, in the order that applies when none is asked for (the one of
 * llama.cpp, with the steps that it does implicitly made visible).
 */
export const samplerNames = [
  "cfg",
  "logit_bias",
  "penalties",
  "top_k",
  "tfs_z",
  "typical_p",
  "top_p",
  "min_p",
  "temperature",
] as const;

export type SamplerName = (typeof samplerNames)[number];

/** Steps that only take tokens out. Mirostat chooses that number itself, so it does without them. */
export const truncatingSamplers: ReadonlySet<SamplerName> = new Set([
  "top_k",
  "tfs_z",
  "typical_p",
  "top_p",
  "min_p",
]);

export function isSamplerName(name: unknown): name is SamplerName {
  return typeof name === "string" && (samplerNames as readonly string[]).includes(name);
}
