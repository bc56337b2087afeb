import { readFileSync } from "node:fs";
import { brotliDecompressSync } from "node:zlib";
import type { LlamaFlags } from "@tensorplan/ggml-policy";

/** What llama.cpp printed for one set of flags: its own words, and the listing of three graphs. */
export interface SchedulerReference {
  readonly name: string;
  readonly flags: LlamaFlags;
  /** Lines from the first graph on. */
  readonly listing: readonly string[];
}

/** llama-bench's words, as they stand in the first line of each listing. */
function flagsOf(line: string): LlamaFlags {
  const words = line.split(" ").slice(2);
  const value = (flag: string) => {
    const at = words.lastIndexOf(flag);
    return at < 0 ? undefined : words[at + 1];
  };
  const number = (flag: string) => (value(flag) === undefined ? undefined : Number(value(flag)));
  const override = value("-ot");
  return {
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
}

export function schedulerReferences(): readonly SchedulerReference[] {
  const bytes = readFileSync(new URL("../reference/ggml-sched.tsv.br", import.meta.url));
  const [, ...parts] = brotliDecompressSync(bytes).toString("utf8").split(/^## /m);
  return parts.map((part) => {
    const [name = "", first = "", ...lines] = part.trimEnd().split("\n");
    return {
      name,
      flags: flagsOf(first),
      listing: lines.slice(lines.findIndex((line) => line.startsWith("# graph"))),
    };
  });
}
