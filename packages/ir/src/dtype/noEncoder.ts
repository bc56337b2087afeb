import { TensorplanError } from "../errors.ts";

/** The refusal to write values in a type that has no quantiser. */
export const noEncoder = (name: string) =>
  new TensorplanError({
    code: "dtype/no-encoder",
    message: `values can't be written as ${name}: that type can only be read`,
    hint: "write f32, f16, bf16, q8_0, q4_0, q4_k, q5_k, q6_k, iq4_nl, iq4_xs or iq4_k instead",
  });
