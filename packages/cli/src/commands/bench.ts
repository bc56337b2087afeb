import { planHash } from "@tensorplan/scheduler";
import { type Command, Option } from "commander";
import { addEngineOptions, type EngineFlags } from "../args/engineOptions.ts";
import { withShortName } from "../args/normaliseArgv.ts";
import { numberPair, wholeNumber, wholeNumbers } from "../args/numbers.ts";
import { type BenchRecord, benchMarkdown, benchRecord } from "../bench/benchRecord.ts";
import { benchTests, contextOf } from "../bench/benchTests.ts";
import { runTest, warmUp } from "../bench/runTest.ts";
import { readModelHeader } from "../engine/modelHeader.ts";
import { openEngine } from "../engine/openEngine.ts";
import { progressBar } from "../output/progress.ts";
import { writeJson, writeTo } from "../output/streams.ts";
import type { DefineCommand } from "./all.ts";

interface BenchFlags extends EngineFlags {
  readonly nPrompt: readonly number[];
  readonly nGen: readonly number[];
  readonly promptGen?: readonly (readonly [number, number])[];
  readonly genBehind?: readonly (readonly [number, number])[];
  readonly repetitions: number;
  readonly output: "json" | "md";
  readonly json?: true;
}

type Pairs = readonly (readonly [number, number])[];
const pairs = (text: string, before: Pairs | undefined): Pairs => [...(before ?? []), numberPair(text)];

const addSizes = (command: Command): Command =>
  command
    .option("-p, --n-prompt <N,…>", "prompts to time, in tokens; 0: none", wholeNumbers(0, 2 ** 24), [512])
    .option("-n, --n-gen <N,…>", "generations to time, in tokens; 0: none", wholeNumbers(0, 2 ** 24), [128])
    .addOption(
      withShortName(
        new Option("--prompt-gen <P,N>", "time a prompt and N tokens behind it; may be repeated").argParser(
          pairs,
        ),
        "-pg",
      ),
    )
    .addOption(
      withShortName(
        new Option(
          "--gen-behind <P,N>",
          "time N tokens behind a prompt that isn't timed; may be repeated",
        ).argParser(pairs),
        "-gp",
      ),
    )
    .option("-r, --repetitions <N>", "how often each test is timed", wholeNumber(1, 10_000), 5);

export const bench: DefineCommand = (command, context) => {
  addSizes(
    addEngineOptions(
      command.description("Times reading prompts and generating tokens (random ones), as llama-bench does."),
    ),
  )
    .addOption(
      new Option("-o, --output <FORMAT>", "json (llama-bench's field names) or md")
        .choices(["json", "md"])
        .default("md"),
    )
    .option("--json", "the same as -o json")
    .addHelpText(
      "after",
      "\nExamples:\n  tensorplan bench -m lite.gguf -p 512 -n 64 -r 3\n  tensorplan bench -m lite.gguf -p 0 -n 0 -gp 4096,64 -ctk q8_0 -o json",
    )
    .action(async (flags: BenchFlags) => {
      const tests = benchTests({
        prompt: flags.nPrompt,
        generate: flags.nGen,
        both: flags.promptGen ?? [],
        behind: flags.genBehind ?? [],
      });
      if (tests.length === 0)
        return command.error("error: there is nothing to time: give -p, -n, -pg or -gp a number above 0");
      const header = await readModelHeader(flags.model);
      const contextLength = flags.ctxSize ?? Math.max(...tests.map(contextOf));
      const engine = await openEngine(header.path, flags, { contextLength }, context);
      const progress = await progressBar(context.stderr, "timing");
      const records: BenchRecord[] = [];
      try {
        const { plan } = engine;
        const setting = {
          file: header.file,
          flags,
          threads: plan.devices[0]?.threads ?? 0,
          backends: [...new Set(plan.devices.map(({ backend }) => backend))].join("+"),
          cacheType: plan.states[0]?.dtype ?? "none",
          plan,
          planHash: planHash(plan),
        };
        for (const [index, test] of tests.entries()) {
          await warmUp(engine, header.vocab, test, context.signal);
          const startedAt = new Date();
          const samples: number[] = [];
          for (let i = 0; i < flags.repetitions; i++) {
            progress.update(index * flags.repetitions + i, tests.length * flags.repetitions);
            samples.push(await runTest(engine, header.vocab, test, context.signal));
          }
          records.push(benchRecord(setting, test, startedAt, samples));
        }
      } finally {
        progress.stop();
        await engine.dispose();
      }
      if (flags.json || flags.output === "json") return writeJson(context.stdout, records);
      await writeTo(context.stdout, benchMarkdown(records));
    });
};
