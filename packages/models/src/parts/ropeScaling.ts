import type { RopeScaling } from "@tensorplan/ir";
import type { HyperparameterReader } from "../definition/metadata.ts";

/** How a model turns queries and keys by their positions. */
export interface RopeSettings {
  readonly style: "interleaved" | "neox";
  readonly base: number;
  readonly scaling: RopeScaling | undefined;
}

/** Position scaling as GGUF's `rope.scaling.*` keys give it: none, linear, or YaRN (arXiv:2309.00071) with its factor on cos and sin. */
export function readRopeScaling(read: HyperparameterReader): RopeScaling | undefined {
  const type = read.optionalString("rope.scaling.type") ?? "none";
  if (type === "none") return undefined;
  if (type !== "linear" && type !== "yarn") {
    return read.invalid("rope.scaling.type", type, "none, linear or yarn");
  }
  const factor = read.number("rope.scaling.factor");
  if (factor < 1) return read.invalid("rope.scaling.factor", factor, "at least 1");
  if (type === "linear") return { kind: "linear", factor };
  return {
    kind: "yarn",
    factor,
    originalContext: read.count("rope.scaling.original_context_length"),
    betaFast: 32,
    betaSlow: 1,
    magnitude: (read.optionalNumber("rope.scaling.attn_factor") ?? 1) * (1 + 0.1 * Math.log(factor)),
  };
}
