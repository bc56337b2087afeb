import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { embeddedModelPath } from "@tensorplan/models";

/** One prompt of the reference data and what Hugging Face's implementation made of it, in float32. */
export interface ReferencePrompt {
  readonly name: string;
  readonly ids: readonly number[];
  /** For each position the eight likeliest next tokens, best first, and their logits. */
  readonly top8_ids: readonly (readonly number[])[];
  readonly top8_logits: readonly (readonly number[])[];
  readonly greedy: readonly number[];
  /** Best minus second-best logit at each greedy step. */
  readonly greedy_gap: readonly number[];
}

export interface ReferenceModel {
  readonly name: string;
  readonly path: string;
  /** Why the model can't be tested here, or undefined. */
  readonly absent: string | undefined;
  readonly quantised: boolean;
  readonly vocab: number;
  readonly prompts: readonly ReferencePrompt[];
  /** Logits of each prompt's last position. */
  readonly lastLogits: readonly Float32Array[];
  readonly perplexity: { readonly nllPerChunk: readonly number[]; readonly chunk: number } | undefined;
}

const here = path.dirname(fileURLToPath(import.meta.url));
const shipped = path.join(here, "..", "reference");
/** Models too large for the repository stand beside the checkout where there is room for them. */
const beside = path.join(here, "..", "..", "..", "shared", "reference", "models");

const modelPath = (name: string): string => {
  if (name === "tiny-iq4_nl") return embeddedModelPath();
  return name.startsWith("rand-") ? path.join(shipped, `${name}.gguf`) : path.join(beside, `${name}.gguf`);
};

interface ReferenceJson {
  readonly vocab: number;
  readonly prompts: readonly ReferencePrompt[];
  readonly perplexity?: { readonly nll_per_chunk: readonly number[]; readonly chunk: number };
}

function load(name: string): ReferenceModel {
  const json = JSON.parse(readFileSync(path.join(shipped, `${name}.json`), "utf8")) as ReferenceJson;
  const bytes = readFileSync(path.join(shipped, `${name}.logits.f32`));
  const logits = new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
  const file = modelPath(name);
  return {
    name,
    path: file,
    absent: existsSync(file) ? undefined : `${path.basename(file)} isn't here`,
    quantised: !(name.startsWith("rand-") || name.endsWith("f16")),
    vocab: json.vocab,
    prompts: json.prompts,
    lastLogits: json.prompts.map((_, i) => logits.subarray(i * json.vocab, (i + 1) * json.vocab)),
    perplexity:
      json.perplexity === undefined
        ? undefined
        : { nllPerChunk: json.perplexity.nll_per_chunk, chunk: json.perplexity.chunk },
  };
}

export const referenceModels: readonly ReferenceModel[] = [
  "rand-deepseek3",
  "rand-llama",
  "rand-mixtral",
  "rand-qwen3",
  "rand-qwen3moe",
  "tiny-iq4_nl",
  "tiny-f16",
  "tiny-q8_0",
].map(load);

export const perplexityTokens = (): readonly number[] =>
  (JSON.parse(readFileSync(path.join(shipped, "ppl-tokens.json"), "utf8")) as { ids: readonly number[] }).ids;
