import { TensorplanError } from "@tensorplan/ir";
import { ggmlTypeByName, type SynthPreset, synthMetadata } from "@tensorplan/models";
import { type LlamaModel, llamaModel } from "./modelFile.ts";

/**
 * A published model in one type, without a file: norms, routers and biases in f32, everything else, embedding and output head among it,
 * in `typeName`.
 *
 * @throws TensorplanError `ggml/unknown-type`, `ggml/no-graph`
 */
export function llamaPreset(preset: SynthPreset, typeName: string): LlamaModel {
  const type = ggmlTypeByName(typeName.toLowerCase());
  const f32 = ggmlTypeByName("f32");
  if (type === undefined || f32 === undefined) {
    throw new TensorplanError({
      code: "ggml/unknown-type",
      message: `llama.cpp has no type '${typeName}' for weights`,
      hint: "choose a type such as iq4_nl, q4_k, q8_0 or f16",
    });
  }
  const metadata = synthMetadata({ preset, type: "f16" });
  const tensors = preset.tensors(preset.layers, "mla").map(({ name, shape, storage }) => ({
    name,
    shape,
    type: storage === "f32" ? f32 : type,
  }));
  return llamaModel(`${preset.name} (${type.name})`, metadata, tensors);
}
