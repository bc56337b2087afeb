import { cpus } from "node:os";
import { type GgufFile, ggmlTypeById, MetadataReader } from "@tensorplan/models";
import type { Plan } from "@tensorplan/scheduler";
import type { EngineFlags } from "../args/engineOptions.ts";
import { summarise } from "../output/statistics.ts";
import { bytes, quantity } from "../output/units.ts";
import { version } from "../version.ts";
import type { BenchTest } from "./benchTests.ts";

/** One result under llama-bench's field names; what only Tensorplan has stands behind them. */
export interface BenchRecord {
  readonly build_commit: string;
  readonly cpu_info: string;
  readonly model_filename: string;
  readonly model_type: string;
  readonly model_size: number;
  readonly model_n_params: number;
  readonly n_batch: number;
  readonly n_ubatch: number;
  readonly n_threads: number;
  readonly type_k: string;
  readonly type_v: string;
  readonly n_gpu_layers: number;
  /** Where the flag isn't given, what the defaults do: 3 for a latent cache, 0 where keys and values are cached whole. */
  readonly mla_attn: number | "auto";
  readonly flash_attn: boolean;
  readonly fused_moe: boolean;
  readonly n_prompt: number;
  readonly n_gen: number;
  readonly test_time: string;
  readonly avg_ns: number;
  readonly stddev_ns: number;
  readonly avg_ts: number;
  readonly stddev_ts: number;
  readonly test: string;
  readonly samples_ns: readonly number[];
  readonly samples_ts: readonly number[];
  readonly backends: string;
  readonly plan: string;
}

/** What all results of one run share. */
export interface BenchSetting {
  readonly file: GgufFile;
  readonly flags: EngineFlags;
  readonly threads: number;
  readonly backends: string;
  /** Element type of the caches, as planned. */
  readonly cacheType: string;
  readonly plan: Plan;
  readonly planHash: string;
}

/** How attention and experts were done, as llama-bench names it. */
function modesOf({ flags, plan }: BenchSetting): Pick<BenchRecord, "mla_attn" | "flash_attn" | "fused_moe"> {
  const done = plan.variants.flatMap(({ lowerings }) => lowerings);
  const latent = done.some(({ op }) => op === "mla_attention");
  return {
    mla_attn: flags.mla === "auto" ? "auto" : Number(flags.mla ?? (latent ? 3 : 0)),
    flash_attn: done.every(({ lowering }) => lowering !== "naive"),
    fused_moe: done.some(({ op, lowering }) => op === "moe" && lowering === "fused"),
  };
}

export function benchRecord(
  setting: BenchSetting,
  test: BenchTest,
  startedAt: Date,
  samples: readonly number[],
): BenchRecord {
  const { file, flags } = setting;
  const tokens = test.prompt + test.generate;
  const speeds = samples.map((ns) => (tokens * 1e9) / ns);
  const tensors = [...file.tensors.values()];
  const times = summarise(samples);
  const rates = summarise(speeds);
  return {
    build_commit: `tensorplan ${version()}`,
    cpu_info: cpus()[0]?.model ?? "",
    model_filename: file.paths[0] ?? "",
    model_type: modelType(file),
    model_size: tensors.reduce((sum, tensor) => sum + tensor.bytes, 0),
    model_n_params: tensors.reduce((sum, { shape }) => sum + shape.reduce((n, size) => n * size, 1), 0),
    n_batch: flags.batchSize ?? flags.ubatchSize,
    n_ubatch: flags.ubatchSize,
    n_threads: setting.threads,
    type_k: setting.cacheType,
    type_v: setting.cacheType,
    n_gpu_layers: flags.gpuLayers ?? 0,
    ...modesOf(setting),
    n_prompt: test.before + test.prompt,
    n_gen: test.generate,
    test_time: startedAt.toISOString().replace(/\.\d+Z$/, "Z"),
    avg_ns: Math.round(times.mean),
    stddev_ns: Math.round(times.deviation),
    avg_ts: rounded(rates.mean),
    stddev_ts: rounded(rates.deviation),
    test: test.name,
    samples_ns: samples,
    samples_ts: speeds.map(rounded),
    backends: setting.backends,
    plan: setting.planHash,
  };
}

const rounded = (x: number): number => Number(x.toFixed(6));

/** `deepseek2 15.71 B iq4_nl`: architecture, parameters, and the type that most weights have. */
function modelType({ metadata, tensors }: GgufFile): string {
  const sizes = new Map<number, number>();
  let parameters = 0;
  for (const { ggmlTypeId, shape } of tensors.values()) {
    const count = shape.reduce((n, size) => n * size, 1);
    parameters += count;
    sizes.set(ggmlTypeId, (sizes.get(ggmlTypeId) ?? 0) + count);
  }
  const [most] = [...sizes].sort(([, a], [, b]) => b - a);
  const type = most === undefined ? "" : (ggmlTypeById(most[0])?.name ?? `type ${most[0]}`);
  return `${new MetadataReader(metadata).string("general.architecture")} ${quantity(parameters)} ${type}`;
}

/** The records as llama-bench's table in Markdown. */
export function benchMarkdown(records: readonly BenchRecord[]): string {
  const titles = ["model", "size", "params", "backend", "threads", "test", "t/s"];
  const rows = records.map((record) => [
    record.model_type,
    bytes(record.model_size),
    quantity(record.model_n_params),
    record.backends,
    String(record.n_threads),
    record.test,
    `${record.avg_ts.toFixed(2)} ± ${record.stddev_ts.toFixed(2)}`,
  ]);
  const widths = titles.map((title, i) => Math.max(title.length, ...rows.map((row) => row[i]?.length ?? 0)));
  const line = (cells: readonly string[], fill = " ") =>
    `| ${cells.map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0, fill) : cell.padStart(widths[i] ?? 0, fill))).join(" | ")} |`;
  const rule = `| ${widths.map((width, i) => (i === 0 ? "-".repeat(width) : `${"-".repeat(width - 1)}:`)).join(" | ")} |`;
  return `${[line(titles), rule, ...rows.map((row) => line(row))].join("\n")}\n`;
}
