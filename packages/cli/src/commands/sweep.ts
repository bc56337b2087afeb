import { addEngineOptions, type EngineFlags } from "../args/engineOptions.ts";
import { wholeNumber } from "../args/numbers.ts";
import { randomTokens } from "../bench/randomTokens.ts";
import type { CliContext } from "../cliContext.ts";
import { type ModelHeader, readModelHeader } from "../engine/modelHeader.ts";
import { openEngine } from "../engine/openEngine.ts";
import { writeJson, writeTo } from "../output/streams.ts";
import { rate } from "../output/units.ts";
import type { DefineCommand } from "./all.ts";

interface SweepFlags extends EngineFlags {
  readonly nGen?: number;
  readonly json?: true;
}

/** One line of a sweep: speeds with `n_kv` tokens in the cache. */
interface SweepRow {
  readonly pp: number;
  readonly tg: number;
  readonly n_kv: number;
  readonly t_pp: number;
  readonly speed_pp: number;
  readonly t_tg: number;
  readonly speed_tg: number;
}

export const sweep: DefineCommand = (command, context) => {
  addEngineOptions(
    command.description(
      "Times prompt reading and generation at growing context, as llama-sweep-bench does: at every -ub tokens, N tokens are generated and " +
        "taken back, then the next -ub tokens are read.",
    ),
  )
    .option(
      "-n, --n-gen <N>",
      "tokens to generate at each context (default: a quarter of -ub)",
      wholeNumber(1, 2 ** 20),
    )
    .option("--json", "print the lines as JSON")
    .addHelpText(
      "after",
      "\nExamples:\n  tensorplan sweep -m lite.gguf -c 8192\n  tensorplan sweep -m lite.gguf -c 4096 -ub 256 -n 32 --json",
    )
    .action(async (flags: SweepFlags) => {
      const header = await readModelHeader(flags.model);
      const contextLength = flags.ctxSize ?? Math.min(header.trainedContext, 4096);
      const generate = flags.nGen ?? Math.max(1, Math.floor(flags.ubatchSize / 4));
      if (Math.max(flags.ubatchSize, generate) > contextLength) {
        return command.error(
          `error: a context of ${contextLength} has no room for -ub ${flags.ubatchSize} and -n ${generate}`,
        );
      }
      if (!flags.json) await writeTo(context.stdout, head);
      const rows: SweepRow[] = [];
      for await (const row of sweepRows(header, flags, { contextLength, generate }, context)) {
        rows.push(row);
        if (!flags.json) await writeTo(context.stdout, line(row));
      }
      if (flags.json) await writeJson(context.stdout, rows);
    });
};

async function* sweepRows(
  header: ModelHeader,
  flags: SweepFlags,
  { contextLength, generate }: { readonly contextLength: number; readonly generate: number },
  context: CliContext,
): AsyncGenerator<SweepRow> {
  const { signal } = context;
  const engine = await openEngine(header.path, flags, { contextLength }, context);
  try {
    const step = flags.ubatchSize;
    const tokens = randomTokens(contextLength, header.vocab);
    const sequence = engine.sequence();
    // Whatever is done only once is done here.
    await engine.prefill(sequence, tokens.slice(0, step), { signal });
    await engine.decode([{ sequence, token: tokens[0] ?? 0 }], { signal });
    sequence.truncate(0);
    for (let n = 0; n + Math.max(step, generate) <= contextLength; n += step) {
      const tg = await timed(async () => {
        for (const token of tokens.slice(0, generate)) await engine.decode([{ sequence, token }], { signal });
      });
      sequence.truncate(n);
      const pp = await timed(() => engine.prefill(sequence, tokens.slice(n, n + step), { signal }));
      yield {
        pp: step,
        tg: generate,
        n_kv: n,
        t_pp: pp / 1000,
        speed_pp: rate(step, pp),
        t_tg: tg / 1000,
        speed_tg: rate(generate, tg),
      };
    }
  } finally {
    await engine.dispose();
  }
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await work();
  return performance.now() - started;
}

const head =
  "|    PP |     TG |   N_KV |   T_PP s | S_PP t/s |   T_TG s | S_TG t/s |\n" +
  "|-------|--------|--------|----------|----------|----------|----------|\n";

const line = ({ pp, tg, n_kv, t_pp, speed_pp, t_tg, speed_tg }: SweepRow): string =>
  `| ${[
    String(pp).padStart(5),
    String(tg).padStart(6),
    String(n_kv).padStart(6),
    t_pp.toFixed(3).padStart(8),
    speed_pp.toFixed(2).padStart(8),
    t_tg.toFixed(3).padStart(8),
    speed_tg.toFixed(2).padStart(8),
  ].join(" | ")} |\n`;
