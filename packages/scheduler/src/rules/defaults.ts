import type { DeviceId } from "@tensorplan/backend-api";
import { TensorplanError } from "@tensorplan/ir";
import type { Rule } from "./rule.ts";

/**
 * From this many new tokens of a sequence on, multi-head latent attention expands its cache to keys and values: absorbing costs 3.4
 * times the arithmetic of plain attention, expanding 1.8 times plus a fixed part for each cache row, which many queries share. The
 * threshold is the one that ik_llama.cpp found by measuring (PR 282).
 */
export const MLA_DECOMPRESS_FROM = 128;

export interface DefaultOptions {
  /** In the order that the user stated. */
  readonly devices: readonly DeviceId[];
  readonly mlaDecompressFrom?: number;
}

const rule = (parts: Omit<Rule, "origin" | "else">): Rule => ({
  origin: { kind: "default" },
  else: "next",
  ...parts,
});

/** The rules that stand behind the user's: all that decides where nobody said anything. */
export function defaultRules({
  devices,
  mlaDecompressFrom = MLA_DECOMPRESS_FROM,
}: DefaultOptions): readonly Rule[] {
  const [first] = devices;
  if (first === undefined) {
    throw new TensorplanError({
      code: "plan/no-devices",
      message: "there are no devices to plan for",
      hint: "pass the profiles of at least one device",
    });
  }
  return [
    rule({
      name: "weights and caches live on the first device",
      when: {},
      do: { store: first },
      why: "the first device in the order that was stated",
    }),
    rule({
      name: "latent attention expands long prompts",
      when: { op: "mla_attention", tokensPerSequence: { atLeast: mlaDecompressFrom } },
      do: { lower: "decompressed" },
      why: "many queries share the cost of expanding the cache to keys and values",
    }),
    rule({
      name: "latent attention absorbs few tokens",
      when: { op: "mla_attention" },
      do: { lower: "absorbed" },
      why: "working on the compressed cache reads the least memory",
    }),
    rule({
      name: "attention in one kernel",
      when: { op: ["attention", "latent_attention"] },
      do: { lower: "flash" },
      why: "the scores never leave the kernel",
    }),
    rule({
      name: "attention in parts",
      when: { op: ["attention", "latent_attention"] },
      do: { lower: "naive" },
      why: "where no kernel does it at once, scores, softmax and values can be done one after the other",
    }),
    rule({
      name: "experts in one kernel",
      when: { op: "moe" },
      do: { lower: "fused" },
      why: "tokens are sorted by expert once",
    }),
    rule({
      name: "experts in parts",
      when: { op: "moe" },
      do: { lower: "primitives" },
      why: "where no kernel does it at once, the products can be done one after the other",
    }),
    rule({
      name: "any lowering that works",
      when: {},
      do: { lower: "*" },
      why: "nothing before it could be used",
      fallback: true,
    }),
    rule({
      name: "compute where the weight lives",
      when: {},
      do: { follow: "weight" },
      why: "activations are smaller than weights",
    }),
    rule({
      name: "compute where the cache lives",
      when: {},
      do: { follow: "state" },
      why: "a cache has one home",
    }),
    rule({
      name: "stay with the newest operand",
      when: {},
      do: { follow: "latest" },
      why: "the value that was computed last needs no copy",
    }),
    rule({
      name: "the first device that can",
      when: {},
      do: { prefer: devices },
      why: "nothing before it could be used",
      fallback: true,
    }),
    rule({
      name: "activations may be copied",
      when: {},
      do: { transfer: "activations" },
      why: "a value is copied to a device where a node needs it, once",
    }),
  ];
}
