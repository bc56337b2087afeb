import { denseFeedForward, groupedArchitecture } from "../parts/groupedDecoder.ts";

/** Qwen3's dense models. @see Qwen3 technical report, arXiv:2505.09388 */
export const qwen3 = groupedArchitecture("qwen3", {
  ropeStyle: "neox",
  ropeBase: 1_000_000,
  headNorms: true,
  feedForward: denseFeedForward,
});
