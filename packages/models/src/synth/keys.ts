import type { GgufValue } from "../gguf/ggufValue.ts";

export type Keys = readonly (readonly [key: string, value: GgufValue])[];

export const u32 = (value: number): GgufValue => ({ type: "u32", value });
export const f32 = (value: number): GgufValue => ({ type: "f32", value });
export const bool = (value: boolean): GgufValue => ({ type: "bool", value });
export const text = (value: string): GgufValue => ({ type: "string", value });

/** The keys of an architecture, each with its name before it. */
export const prefixed = (architecture: string, keys: Keys): ReadonlyMap<string, GgufValue> =>
  new Map(keys.map(([key, value]) => [`${architecture}.${key}`, value]));
