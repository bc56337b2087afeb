import { type DType, dtypes } from "@tensorplan/ir";
import type { GgufTensor } from "../gguf/tensorTable.ts";

/** Types that a whole file can be quantised to: those with a quantiser, and the plain type of those that interleave rows. */
export const quantizeTypes = {
  q8_0: "q8_0",
  q4_0: "q4_0",
  q4_k: "q4_k",
  q5_k: "q5_k",
  q6_k: "q6_k",
  iq4_nl: "iq4_nl",
  iq4_xs: "iq4_xs",
  iq4_k: "iq4_k",
  q8_0_r8: "q8_0",
  q4_0_r8: "q4_0",
  q4_k_r4: "q4_k",
  q5_k_r4: "q5_k",
  q6_k_r4: "q6_k",
  iq4_nl_r4: "iq4_nl",
  iq4_xs_r8: "iq4_xs",
  iq4_k_r4: "iq4_k",
} as const;

export type QuantizeType = keyof typeof quantizeTypes;

/** The number that llama.cpp and ik_llama.cpp write for a file that is mostly of one type. */
export const fileTypeOf: Readonly<Record<QuantizeType, number>> = {
  q8_0: 7,
  q4_0: 2,
  q4_k: 14,
  q5_k: 16,
  q6_k: 18,
  iq4_nl: 25,
  iq4_xs: 30,
  iq4_k: 140,
  q8_0_r8: 207,
  q4_0_r8: 202,
  q4_k_r4: 214,
  q5_k_r4: 216,
  q6_k_r4: 218,
  iq4_nl_r4: 225,
  iq4_xs_r8: 230,
  iq4_k_r4: 340,
};

/** Norms, biases, routers and tables of angles: small, and what follows depends on each of their values. */
const delicate = /norm|\.bias$|ffn_gate_inp|exp_probs_b|rope_freqs/;

/**
 * The type that a tensor of the file gets. Vectors and delicate tensors become f32. Rows that aren't whole blocks take a type with smaller
 * blocks and no fewer bits. Rows are interleaved only where each matrix holds whole groups, and never those of the embedding, which are
 * read one at a time.
 */
export function targetType({ name, shape, dtype }: GgufTensor, wanted: QuantizeType): DType {
  if (dtype === "i32") return "i32";
  if (shape.length < 2 || delicate.test(name)) return "f32";
  const columns = shape.at(-1) ?? 1;
  const plain = quantizeTypes[wanted];
  if (columns % dtypes[plain].blockSize !== 0) return shortRowType(columns, plain);
  const { rowsTogether = 1 } = dtypes[wanted];
  const whole = (shape.at(-2) ?? 1) % rowsTogether === 0;
  return whole && name !== "token_embd.weight" ? wanted : plain;
}

function shortRowType(columns: number, plain: DType): DType {
  if (columns % 32 !== 0) return "f16";
  return plain === "q5_k" || plain === "q6_k" ? "q8_0" : "iq4_nl";
}
