import { TensorplanError } from "@tensorplan/ir";
import { Option } from "commander";
import { addEngineOptions, type EngineFlags } from "../args/engineOptions.ts";
import { wholeNumber } from "../args/numbers.ts";
import { readTextFile } from "../args/textFile.ts";
import {
  type ChunkResult,
  chunksOf,
  inputsAndTargets,
  negativeLogLikelihood,
  perplexityOf,
} from "../bench/perplexity.ts";
import type { CliContext } from "../cliContext.ts";
import { type ModelHeader, readModelHeader } from "../engine/modelHeader.ts";
import { openEngine } from "../engine/openEngine.ts";
import { progressBar } from "../output/progress.ts";
import { writeJson, writeTo } from "../output/streams.ts";
import { rate } from "../output/units.ts";
import type { DefineCommand } from "./all.ts";

interface PerplexityFlags extends EngineFlags {
  readonly file?: string;
  readonly tokensFile?: string;
  readonly chunk: number;
  readonly json?: true;
}

export const perplexity: DefineCommand = (command, context) => {
  addEngineOptions(
    command.description(
      "Measures how well a model predicts a text: e to the mean surprise of its tokens. The text is cut into chunks; each is read on " +
        "its own behind a begin-of-text token, and every token of it is predicted from those before it.",
    ),
  )
    .addOption(new Option("-f, --file <FILE>", "UTF-8 text (- is standard input)").conflicts("tokensFile"))
    .addOption(
      new Option("--tokens-file <FILE>", 'token ids as JSON: an array, or an object with "ids"').conflicts(
        "file",
      ),
    )
    .option("--chunk <N>", "tokens of a chunk", wholeNumber(2, 2 ** 20), 512)
    .option("--json", "print the result and each chunk's share as JSON")
    .addHelpText(
      "after",
      "\nExamples:\n  tensorplan perplexity -m model.gguf -f wiki.test.raw\n  tensorplan perplexity --tokens-file ids.json --chunk 256 --json",
    )
    .action(async (flags: PerplexityFlags) => {
      if (flags.file === undefined && flags.tokensFile === undefined) {
        return command.error("error: give a text (-f) or a file of token ids (--tokens-file)");
      }
      const header = await readModelHeader(flags.model);
      const ids = header.checkTokens(await readIds(flags, header, context));
      if (ids.length < 2) throw tooShort(ids.length);
      const started = performance.now();
      const chunks = await measure(ids, flags, header, context);
      const ms = performance.now() - started;
      const { perplexity: value, tokens } = perplexityOf(chunks);
      if (flags.json) return writeJson(context.stdout, { perplexity: value, tokens, chunks, ms });
      await writeTo(context.stdout, `${value.toFixed(4)}\n`);
      const speed = rate(tokens, ms).toFixed(1);
      await writeTo(
        context.stderr,
        `perplexity of ${tokens} tokens in ${chunks.length} chunks, ${speed} tokens/s\n`,
      );
    });
};

/** Logits of this many positions are computed in one step. */
const OUTPUTS = 64;

async function measure(
  ids: readonly number[],
  flags: PerplexityFlags,
  header: ModelHeader,
  context: CliContext,
): Promise<readonly ChunkResult[]> {
  const size = Math.min(flags.chunk, ids.length);
  const engine = await openEngine(
    header.path,
    flags,
    { contextLength: flags.ctxSize ?? size, maxOutputs: OUTPUTS },
    context,
  );
  const progress = await progressBar(context.stderr, "perplexity");
  const results: ChunkResult[] = [];
  try {
    const bos = header.bos();
    let done = 0;
    for (const chunk of chunksOf(ids, size)) {
      const { inputs, targets } = inputsAndTargets(chunk, bos);
      if (inputs.length > 0) {
        let nll = 0;
        const sequence = engine.sequence();
        await engine.prefill(sequence, inputs, {
          outputs: "all",
          signal: context.signal,
          onLogits: (position, row) => {
            nll += negativeLogLikelihood(row, targets[position] ?? -1);
          },
        });
        sequence.dispose();
        results.push({ tokens: targets.length, nll });
      }
      done += chunk.length;
      progress.update(done, ids.length);
    }
    return results;
  } finally {
    progress.stop();
    await engine.dispose();
  }
}

async function readIds(
  flags: PerplexityFlags,
  header: ModelHeader,
  context: CliContext,
): Promise<readonly number[]> {
  if (flags.tokensFile === undefined)
    return header.tokenizer().encode(await readTextFile(flags.file ?? "-", context));
  const text = await readTextFile(flags.tokensFile, context);
  const ids = idsIn(text);
  if (ids !== undefined) return ids;
  throw new TensorplanError({
    code: "cli/tokens-file",
    message: `${flags.tokensFile} holds no token ids`,
    hint: 'write a JSON array of whole numbers, or an object with such an array as "ids"',
  });
}

function idsIn(text: string): readonly number[] | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof value === "object" && value !== null && "ids" in value) value = value.ids;
  const isId = (id: unknown): id is number => typeof id === "number" && Number.isInteger(id) && id >= 0;
  return Array.isArray(value) && value.every(isId) ? value : undefined;
}

const tooShort = (tokens: number) =>
  new TensorplanError({
    code: "cli/text-too-short",
    message: `the text has ${tokens === 1 ? "one token" : "no tokens"}: there is nothing to predict`,
    hint: "give a longer text",
  });
