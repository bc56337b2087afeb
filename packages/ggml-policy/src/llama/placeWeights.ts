import { TensorplanError } from "@tensorplan/ir";
import { named, result } from "../graph/ggmlOps.ts";
import { type Four, type GgmlTensor, sizes } from "../graph/tensor.ts";
import type { GgmlWeights } from "./graphWriter.ts";
import type { FileTensor, LlamaModel } from "./modelFile.ts";
import type { LlamaFlags } from "./settings.ts";

/** Where a weight is stored, and by which flag. */
export interface StoredWeight {
  readonly tensor: FileTensor;
  /** Buffer type: `CPU` or the GPU's name. */
  readonly buffer: string;
  readonly because: string;
}

interface Override {
  readonly pattern: RegExp;
  readonly buffer: string;
  readonly because: string;
}

/** Routed experts of one layer, as `-ncmoe` names them. */
const expertsOf = (layer: number) => new RegExp(`blk\\.${layer}\\.ffn_(up|down|gate|gate_up)_(ch|)exps`);

function readOverride(text: string, buffers: readonly string[]): Override {
  const cut = text.indexOf("=");
  const buffer = text.slice(cut + 1);
  const fail = (message: string, hint: string) =>
    new TensorplanError({ code: "ggml/flag", message: `-ot ${text}: ${message}`, hint });
  if (cut < 1) throw fail("this isn't REGEX=DEVICE", "write, for example, -ot exps=CPU");
  const known = buffers.find((each) => each.toLowerCase() === buffer.toLowerCase().replace(":", ""));
  if (known === undefined) {
    throw fail(`there is no buffer type '${buffer}'`, `known: ${buffers.join(", ")}`);
  }
  try {
    return { pattern: new RegExp(text.slice(0, cut)), buffer: known, because: `-ot ${text}` };
  } catch (cause) {
    throw fail(`the expression can't be read: ${(cause as Error).message}`, "mind brackets and backslashes");
  }
}

/** @throws TensorplanError `ggml/flag` */
function readOverrides(flags: LlamaFlags, buffers: readonly string[]): readonly Override[] {
  const texts = (flags.overrideTensors ?? [])
    .flatMap((text) => text.split(/[;,]/))
    .filter((text) => text !== "");
  const layers = flags.cpuExpertLayers ?? 0;
  return [
    ...texts.map((text) => readOverride(text, buffers)),
    ...Array.from({ length: layers }, (_, layer) => ({
      pattern: expertsOf(layer),
      buffer: "CPU",
      because: `-ncmoe ${layers}`,
    })),
  ];
}

/** The device of each layer; `layers` itself stands for the output head. */
export function layerDevices(flags: LlamaFlags, layers: number, gpu: string | undefined) {
  const wanted = flags.gpuLayers === undefined || flags.gpuLayers < 0 ? layers + 1 : flags.gpuLayers;
  const first = Math.max(layers + 1 - wanted, 0);
  return {
    /** Whether every layer is on the GPU. */
    whole: wanted > layers,
    of: (layer: number): string => (gpu !== undefined && layer >= first ? gpu : "CPU"),
  };
}

const layerOfWeight = (name: string, layers: number): number | undefined => {
  const block = /^blk\.(\d+)\./.exec(name);
  if (block !== null) return Number(block[1]);
  return name.startsWith("output") ? layers : undefined;
};

/**
 * Decides for each weight which buffer it is read into: the first override that matches its name, else its layer's device. The
 * embedding stays with the CPU whatever `-ngl` says.
 *
 * @throws TensorplanError `ggml/flag` for an override that can't be read or names an unknown device
 */
export function placeWeights(
  model: LlamaModel,
  flags: LlamaFlags,
  gpu: string | undefined,
): readonly StoredWeight[] {
  const overrides = readOverrides(flags, gpu === undefined ? ["CPU"] : [gpu, "CPU"]);
  const { layers } = model.config;
  const devices = layerDevices(flags, layers, gpu);
  return model.tensors.map((tensor): StoredWeight => {
    const override = overrides.find(({ pattern }) => pattern.test(tensor.name));
    if (override !== undefined) {
      return { tensor, buffer: override.buffer, because: override.because };
    }
    const layer = layerOfWeight(tensor.name, layers);
    if (layer === undefined) return { tensor, buffer: "CPU", because: "the embedding stays on the CPU" };
    const buffer = devices.of(layer);
    const flag = flags.gpuLayers === undefined ? "all layers on the GPU" : `-ngl ${flags.gpuLayers}`;
    return { tensor, buffer, because: buffer === gpu ? flag : `layers before ${flag}` };
  });
}

/** Sizes fastest axis first. */
const fourOf = (shape: readonly number[]): Four => {
  const [a = 1, b, c, d] = [...shape].reverse();
  return sizes(a, b, c, d);
};

/** The weights as tensors of a graph. */
export function ggmlWeights(stored: readonly StoredWeight[]): GgmlWeights {
  const tensors = new Map(
    stored.map(({ tensor, buffer }): [string, GgmlTensor] => [
      tensor.name,
      {
        ...named(result("NONE", tensor.type, fourOf(tensor.shape), []), tensor.name),
        buffer: { use: "weights", type: buffer },
      },
    ]),
  );
  return {
    has: (name) => tensors.has(name),
    get: (name) => {
      const found = tensors.get(name);
      if (found !== undefined) return found;
      throw new TensorplanError({
        code: "model/tensor-missing",
        message: `the file has no tensor '${name}'`,
        hint: "the file is incomplete, or a part of a split model is missing",
      });
    },
  };
}
