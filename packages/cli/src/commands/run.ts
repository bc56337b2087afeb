import { TensorplanError } from "@tensorplan/ir";
import {
  createSampler,
  type Engine,
  type GeneratedToken,
  generate,
  type PlannedModel,
  type SamplerChain,
} from "@tensorplan/runtime";
import { planHash } from "@tensorplan/scheduler";
import { addEngineOptions, type EngineFlags } from "../args/engineOptions.ts";
import { wholeNumber } from "../args/numbers.ts";
import { addPromptOptions, encodePrompt, type PromptFlags } from "../args/promptOptions.ts";
import { addSamplerOptions, samplerOptionsOf } from "../args/samplerOptions.ts";
import type { CliContext } from "../cliContext.ts";
import { DEMO_TOKENS, demoPrompts, demoSampling } from "../engine/demoPrompts.ts";
import { addLockOptions, checkLock, type LockFlags } from "../engine/lockFile.ts";
import { type ModelHeader, readModelHeader } from "../engine/modelHeader.ts";
import { openEngine } from "../engine/openEngine.ts";
import { planFigures, planSummary } from "../engine/planSummary.ts";
import { ledgerTable, reportDifferences } from "../engine/runTruth.ts";
import { traced } from "../engine/traced.ts";
import { coloursFor } from "../output/colours.ts";
import { writeJson, writeTo } from "../output/streams.ts";
import { rate } from "../output/units.ts";
import type { DefineCommand } from "./all.ts";

interface RunFlags extends EngineFlags, PromptFlags, LockFlags {
  readonly predict?: number;
  readonly negativePrompt?: string;
  readonly ignoreEos?: true;
  readonly json?: true;
  readonly trace?: string;
  readonly ledger?: true;
}

export const run: DefineCommand = (command, context) => {
  addSamplerOptions(
    addEngineOptions(
      addPromptOptions(
        command.description(
          "Continues a prompt. The text goes to standard output, everything else to standard error. Without a model and a prompt, " +
            "the small model that comes along writes something.",
        ),
      ).option(
        "-n, --predict <N>",
        "tokens to generate; -1: until the model ends or the context is full",
        wholeNumber(-1, 2 ** 24),
      ),
    ).option("--ignore-eos", "go on when the model ends its text"),
  );
  addLockOptions(command)
    .option("--negative-prompt <TEXT>", "what to move away from, with --cfg-scale")
    .option(
      "--json",
      "print one object with tokens, text, timings, plan, memory and ledger instead of the text",
    )
    .option(
      "--trace <FILE>",
      "write when each weight was loaded and each split and transfer ran, beside what was predicted, for ui.perfetto.dev",
    )
    .option(
      "--ledger",
      "list every copy at the end: the bytes that were planned and those that were measured",
    )
    .addHelpText(
      "after",
      '\nExamples:\n  tensorplan run\n  tensorplan run -m model.gguf -p "Once upon a time" -n 64 --temp 0\n  tensorplan run -m model.gguf -f prompt.txt -c 8192 -ub 256 --seed 7 --json\n  tensorplan run --cpu-devices 2 -ot "blk.[4-7]=cpu:1" --trace run.json --ledger',
    )
    .action(async (flags: RunFlags) => {
      const started = performance.now();
      const header = await readModelHeader(flags.model);
      const given = await header.prompt(flags, context);
      if (given === undefined && flags.model !== undefined) {
        return command.error("error: give a prompt: a text (-p), a file (-f) or token ids (--tokens)");
      }
      const sampling = samplerOptionsOf(command);
      const sampler = createSampler(given === undefined ? { ...demoSampling, ...sampling } : sampling);
      const shown = given === undefined ? demoPrompt(sampler.seed) : flags.prompt;
      const prompt = given ?? encodePrompt(shown ?? "", header.tokenizer(), flags);
      const negative = negativeTokens(flags, sampler, header);
      const wanted = flags.predict ?? (given === undefined ? DEMO_TOKENS : 128);
      const contextLength =
        flags.ctxSize ?? contextFor(header, Math.max(prompt.length, negative?.length ?? 0), wanted);
      header.checkPrompt(prompt, contextLength);
      if (negative !== undefined) header.checkPrompt(negative, contextLength);

      const sequences = negative === undefined ? 1 : 2;
      const needs = { contextLength, sequences, maxOutputs: sequences };
      const colours = coloursFor(context.stderr, context.env);
      let hash = "";
      const onPlan = async ({ plan }: PlannedModel) => {
        hash = planHash(plan);
        await checkLock(plan, flags, context);
        if (!flags.json) await writeTo(context.stderr, planSummary(plan, hash, colours));
      };
      await traced(flags.trace, context, async (recorder) => {
        const engine = await openEngine(header.path, flags, needs, context, onPlan, recorder);
        try {
          const loadMs = performance.now() - started;
          const job: Job = { engine, sampler, prompt, negative, wanted, flags, header, loadMs, hash };
          if (flags.json) await writeJson(context.stdout, await report(job, context));
          else await stream(job, shown, context);
          if (flags.ledger) await writeTo(context.stderr, ledgerTable(engine.ledger()));
          await reportDifferences(engine, context);
          return engine.planned;
        } finally {
          await engine.dispose();
        }
      });
    });
};

interface Job {
  readonly engine: Engine;
  readonly sampler: SamplerChain;
  readonly prompt: readonly number[];
  readonly negative: readonly number[] | undefined;
  /** Tokens to generate; -1: no limit. */
  readonly wanted: number;
  readonly flags: RunFlags;
  readonly header: ModelHeader;
  readonly loadMs: number;
  /** The plan's. */
  readonly hash: string;
}

const demoPrompt = (seed: number): string => demoPrompts[seed % demoPrompts.length] ?? "";

/** Room for the prompt and what is wanted behind it, within what the model was trained for. */
const contextFor = ({ trainedContext }: ModelHeader, prompt: number, wanted: number): number =>
  Math.min(trainedContext, Math.max(4096, prompt + Math.max(wanted, 0)));

function negativeTokens(
  flags: RunFlags,
  sampler: SamplerChain,
  header: ModelHeader,
): readonly number[] | undefined {
  if (!sampler.guided) {
    if (flags.negativePrompt === undefined) return undefined;
    throw new TensorplanError({
      code: "cli/no-effect",
      message: "--negative-prompt does nothing while --cfg-scale is 1",
      hint: "set --cfg-scale above 1, or leave the negative prompt out",
    });
  }
  const text = flags.negativePrompt ?? "";
  const tokens = encodePrompt(text, header.tokenizer(), flags);
  if (tokens.length > 0) return tokens;
  throw new TensorplanError({
    code: "cli/empty-prompt",
    message: "--cfg-scale compares with a negative prompt, and there is none",
    hint: "give one (--negative-prompt)",
  });
}

/** Measured times; the first token's time belongs to the prompt, whose logits it is drawn from. */
class Clock {
  readonly #start = performance.now();
  #first: number | undefined;
  #tokens = 0;

  token(): void {
    this.#first ??= performance.now();
    this.#tokens++;
  }

  timings(promptTokens: number, loadMs: number) {
    const now = performance.now();
    const promptMs = (this.#first ?? now) - this.#start;
    const generationMs = now - (this.#first ?? now);
    const steps = Math.max(this.#tokens - 1, 0);
    return {
      loadMs,
      promptTokens,
      promptMs,
      promptPerSecond: rate(promptTokens, promptMs),
      generatedTokens: this.#tokens,
      generationMs,
      generatedPerSecond: rate(steps, generationMs),
    };
  }
}

async function* generated(job: Job, clock: Clock, signal: AbortSignal): AsyncGenerator<GeneratedToken> {
  const { engine, sampler, negative, wanted, flags } = job;
  const sequence = engine.sequence();
  const guidance = negative === undefined ? undefined : { sequence: engine.sequence(), tokens: negative };
  const options = {
    sampler,
    signal,
    maxTokens: wanted < 0 ? undefined : wanted,
    ignoreEnd: flags.ignoreEos,
    guidance,
  };
  for await (const piece of generate(engine, sequence, job.prompt, options)) {
    if (piece.token !== undefined) clock.token();
    yield piece;
    // The next step would need one more row than the context has.
    if (sequence.length >= engine.contextLength) return;
  }
}

async function report(job: Job, context: CliContext) {
  const clock = new Clock();
  const tokens: number[] = [];
  let text = "";
  for await (const piece of generated(job, clock, context.signal)) {
    if (piece.token !== undefined) tokens.push(piece.token);
    text += piece.text;
  }
  const { engine, sampler, prompt, loadMs } = job;
  return {
    model: job.header.path,
    prompt,
    tokens,
    text,
    seed: sampler.seed,
    sampling: sampler.describe(),
    timings: clock.timings(prompt.length, loadMs),
    plan: planFigures(engine.plan, job.hash),
    memory: engine.memory(),
    ledger: engine.ledger(),
    differences: engine.differences(),
  };
}

async function stream(
  job: Job,
  shown: string | undefined,
  { stdout, stderr, env, signal }: CliContext,
): Promise<void> {
  const { sampler, prompt, loadMs } = job;
  const colours = coloursFor(stderr, env);
  await writeTo(stderr, `${colours.dim(`sampling ${sampler.describe()}, seed ${sampler.seed}`)}\n\n`);
  if (shown !== undefined) await writeTo(stderr, colours.bold(shown));
  const clock = new Clock();
  for await (const { text } of generated(job, clock, signal)) if (text !== "") await writeTo(stdout, text);
  await writeTo(stdout, "\n");
  const t = clock.timings(prompt.length, loadMs);
  const line =
    `loaded in ${seconds(t.loadMs)} · prompt ${t.promptTokens} tokens in ${seconds(t.promptMs)} (${t.promptPerSecond.toFixed(1)} tokens/s)` +
    ` · generated ${t.generatedTokens} tokens in ${seconds(t.generationMs)} (${t.generatedPerSecond.toFixed(1)} tokens/s)`;
  await writeTo(stderr, `\n${colours.dim(line)}\n`);
}

const seconds = (ms: number): string => `${(ms / 1000).toFixed(2)} s`;
