import type { HyperparameterReader } from "../definition/metadata.ts";
import { denseFeedForward, groupedArchitecture } from "../parts/groupedDecoder.ts";

/** Mixtral scores all experts, and the softmax over those picked is that over all of them made to sum to one. */
const mixtralExperts = (read: HyperparameterReader, experts: number) =>
  ({
    kind: "experts",
    experts,
    used: read.count("expert_used_count"),
    // Each expert is as wide as the network that it stands for.
    width: read.optionalCount("expert_feed_forward_length") ?? read.count("feed_forward_length"),
    routing: { gating: "softmax", groups: undefined, normalise: true, scale: 1 },
  }) as const;

/**
 * Llama 2 and 3 and Mistral, and with experts Mixtral, whose files name the same architecture. Converters permute the rows of q and k, so
 * that rotated pairs lie side by side.
 *
 * @see Touvron et al., arXiv:2307.09288; Jiang et al., arXiv:2401.04088
 */
export const llama = groupedArchitecture("llama", {
  ropeStyle: "interleaved",
  ropeBase: 10_000,
  headNorms: false,
  feedForward: (read) => {
    const experts = read.optionalCount("expert_count") ?? 0;
    return experts === 0 ? denseFeedForward(read) : mixtralExperts(read, experts);
  },
});
