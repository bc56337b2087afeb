import { dtypes, type StorageDType } from "@tensorplan/ir";
import { ggmlTypeById, type SynthPreset, synthSettings, synthTensorTable } from "@tensorplan/models";
import { type FileTensor, type LlamaModel, llamaModel } from "./modelFile.ts";

/**
 * A published model in one type, without a file: norms, routers and biases in f32, everything else in `type`, embedding and output head
 * among it; rows too short for the type's blocks in the type that llama.cpp puts in its place.
 *
 * @param layers  only the first so many; all where undefined
 * @throws TensorplanError `ggml/unknown-type`, `ggml/no-graph`, `synth/layers`
 */
export function llamaPreset(preset: SynthPreset, type: StorageDType, layers?: number): LlamaModel {
  const options = { preset, type, layers };
  const metadata = synthSettings(options);
  const table = synthTensorTable(options);
  const tensors = preset
    .tensors(layers ?? preset.layers, "mla")
    .flatMap(({ name, storage }): FileTensor[] => {
      const entry = table.get(name);
      const dtype = storage === "head" ? type : entry?.dtype;
      const found = dtype === undefined ? undefined : ggmlTypeById(dtypes[dtype].ggmlTypeId);
      return entry === undefined || found === undefined ? [] : [{ name, shape: entry.shape, type: found }];
    });
  return llamaModel(`${preset.name} in ${type}`, metadata, tensors);
}
