import type { RopeOptions } from "@tensorplan/ir";
import type { HyperparameterReader } from "../definition/metadata.ts";

/** Position scaling as GGUF's `rope.scaling.*` keys give it: none, linear, or YaRN (arXiv:2309.00071) with its factor on cos and sin. */
export function readRopeScaling(read: HyperparameterReader): Pick<RopeOptions, "scaling"> {
  const type = read.optionalString("rope.scaling.type") ?? "none";
  if (type === "none") return {};
  if (type !== "linear" && type !== "yarn") return read.invalid("rope.scaling.type", type, "none, linear or yarn");
  const factor = read.number("rope.scaling.factor");
  if (factor < 1) return read.invalid("rope.scaling.factor", factor, "at least 1");
  if (type === "linear") return { scaling: { kind: "linear", factor } };
  return {
    scaling: {
      kind: "yarn",
      factor,
      originalContext: read.count("rope.scaling.original_context_length"),
      betaFast: 32,
      betaSlow: 1,
      magnitude: (read.optionalNumber("rope.scaling.attn_factor") ?? 1) * (1 + 0.1 * Math.log(factor)),
    },
  };
}
