import { readFileSync } from "node:fs";
import { brotliDecompressSync } from "node:zlib";
import type { LlamaFlags } from "@tensorplan/ggml-policy";

/** What llama.cpp printed for one set of flags: its own words, and the listing of three graphs. */
export interface SchedulerReference {
  readonly name: string;
  /** What `-m` named. */
  readonly model: string;
  readonly flags: LlamaFlags;
  /** Sizes of buffers but for the work areas', then the graphs. */
  readonly listing: readonly string[];
}

/** llama-bench's words, as they stand in the first line of each listing. */
function readWords(line: string): Pick<SchedulerReference, "model" | "flags"> {
  const words = line.split(" ").slice(2);
  const value = (flag: string) => {
    const at = words.indexOf(flag);
    return at < 0 ? undefined : words[at + 1];
  };
  const number = (flag: string) => (value(flag) === undefined ? undefined : Number(value(flag)));
  const override = value("-ot");
  const flags = {
    gpuLayers: number("-ngl"),
    flashAttention: value("-fa") as LlamaFlags["flashAttention"],
    noOpOffload: value("-nopo") === "1",
    keepCacheOnCpu: value("-nkvo") === "1",
    prompt: number("-p"),
    generate: number("-n"),
    depth: number("-d"),
    contextSize: number("-c"),
    batch: number("-b"),
    microBatch: number("-ub"),
    cpuExpertLayers: number("-ncmoe"),
    keyType: value("-ctk"),
    valueType: value("-ctv"),
    ...(override === undefined ? {} : { overrideTensors: [override] }),
  };
  return { model: value("-m") ?? "", flags };
}

/** `ggml-sched`: the eight that came first; `ggml-sched-more`: other models, cache types, patterns and sizes. */
export function schedulerReferences(
  file: "ggml-sched" | "ggml-sched-more" = "ggml-sched",
): readonly SchedulerReference[] {
  const bytes = readFileSync(new URL(`../reference/${file}.tsv.br`, import.meta.url));
  const [, ...parts] = brotliDecompressSync(bytes).toString("utf8").split(/^## /m);
  return parts.map((part) => {
    const [name = "", first = "", ...lines] = part.trimEnd().split("\n");
    // Work areas aren't emulated.
    const listing = lines.filter((line) => !line.startsWith("# sched_reserve:"));
    return { name, ...readWords(first), listing };
  });
}
