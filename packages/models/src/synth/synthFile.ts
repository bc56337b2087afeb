import { type CodecDType, dtypes, hasCodec, type StorageDType, TensorplanError } from "@tensorplan/ir";
import type { TensorEntry, TensorTable } from "../definition/weights.ts";
import type { GgufMetadata } from "../gguf/ggufValue.ts";
import { writeGguf } from "../gguf/writeGguf.ts";
import { TensorFiller } from "./fillTensor.ts";
import { text, u32 } from "./keys.ts";
import type { SynthLayout, SynthPreset } from "./preset.ts";
import { typeForShortRows } from "./shortRows.ts";
import type { SynthTensor } from "./synthTensor.ts";
import { syntheticVocabulary } from "./vocabulary.ts";

/** Which form of a preset is wanted. */
export interface SynthOptions {
  readonly preset: SynthPreset;
  readonly type: StorageDType;
  /** The first so many layers, dense ones included; all where absent. */
  readonly layers?: number | undefined;
  readonly layout?: SynthLayout | undefined;
}

export interface WriteSynthOptions extends SynthOptions {
  /** The same seed gives the same bytes; 1 where absent. */
  readonly seed?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((writtenBytes: number, totalBytes: number) => void) | undefined;
}

/**
 * Writes a GGUF file with a published model's metadata and shapes, a synthetic vocabulary and random weights: the embedding starts the
 * residual stream at size 1 and each matrix keeps the size of its input, so activations and logits stay finite and of size 1 through
 * every layer, and every expert gets about its share of random tokens.
 *
 * @returns the file's size in bytes
 * @throws TensorplanError `synth/layers`, `synth/layout`, `synth/type`, `gguf/disk-full`, `gguf/unwritable`, `gguf/aborted`
 */
export function writeSynth(path: string, options: WriteSynthOptions): Promise<number> {
  const seed = options.seed ?? 1;
  if (!hasCodec(options.type)) {
    throw new TensorplanError({
      code: "synth/type",
      message: `values of ${options.type} can't be written yet`,
      hint: "choose a type that can be computed with, such as iq4_nl or q8_0",
    });
  }
  const filler = new TensorFiller(seed);
  const tensors = synthTensors(options).map((tensor) => {
    const type = storageOf(tensor, options.type);
    return { name: tensor.name, shape: tensor.shape, type, data: filler.fill(tensor, type) };
  });
  return writeGguf(path, synthMetadata(options, seed), tensors, {
    ...(options.signal === undefined ? {} : { signal: options.signal }),
    ...(options.onProgress === undefined ? {} : { onProgress: options.onProgress }),
  });
}

/** What `writeSynth` would write as metadata. */
export function synthMetadata(options: SynthOptions, seed = 1): GgufMetadata {
  return new Map([...synthSettings(options, seed), ...syntheticVocabulary(options.preset.vocabulary)]);
}

/** The metadata but for the vocabulary; with `synthTensorTable`, all that a plan needs, without any file. */
export function synthSettings(options: SynthOptions, seed = 1): GgufMetadata {
  const { preset, type } = options;
  const { layers, layout } = checked(options);
  return new Map([
    ["general.architecture", text(preset.architecture)],
    ["general.type", text("model")],
    ["general.name", text(`${preset.name}, ${layers} layers, synthetic weights, seed ${seed}`)],
    ["general.quantization_version", u32(2)],
    ...(hasCodec(type) ? ([["general.file_type", u32(fileTypes[type])]] as const) : []),
    ...preset.metadata(layers, layout),
  ]);
}

/** The tensors that `writeSynth` would write, as model definitions read them. */
export function synthTensorTable(options: SynthOptions): TensorTable {
  const entries = new Map(
    synthTensors(options).map((tensor): [string, TensorEntry] => {
      const dtype = storageOf(tensor, options.type);
      return [tensor.name, { shape: tensor.shape, dtype, typeName: dtype }];
    }),
  );
  return { get: (name) => entries.get(name) };
}

function synthTensors(options: SynthOptions): readonly SynthTensor[] {
  const { layers, layout } = checked(options);
  return options.preset.tensors(layers, layout);
}

function checked({ preset, layers = preset.layers, layout = "mla" }: SynthOptions) {
  if (!Number.isInteger(layers) || layers < 1 || layers > preset.layers) {
    throw new TensorplanError({
      code: "synth/layers",
      message: `${preset.name} has ${preset.layers} layers; ${layers} of them can't be written`,
      hint: `give a whole number from 1 to ${preset.layers}`,
    });
  }
  if (!preset.layouts.includes(layout)) {
    throw new TensorplanError({
      code: "synth/layout",
      message: `the layout '${layout}' is for models with a latent, and ${preset.name} has none`,
      hint: "leave the layout out",
    });
  }
  return { layers, layout };
}

function storageOf(tensor: SynthTensor, type: StorageDType): StorageDType {
  if (tensor.storage === "f32") return "f32";
  if (tensor.storage === "head" && dtypes[type].kind === "block") return "q8_0";
  const columns = tensor.shape.at(-1) ?? 1;
  return columns % dtypes[type].blockSize === 0 ? type : typeForShortRows(type);
}

/** llama.cpp's number for a file that is mostly of one type. */
const fileTypes: Readonly<Record<Exclude<CodecDType, "i32">, number>> = {
  f32: 0,
  f16: 1,
  bf16: 32,
  q8_0: 7,
  iq4_nl: 25,
};
