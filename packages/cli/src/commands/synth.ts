import { codecNames, type StorageDType } from "@tensorplan/ir";
import { type SynthLayout, synthLayouts, synthPreset, synthPresets, writeSynth } from "@tensorplan/models";
import { Option } from "commander";
import { wholeNumber } from "../args/numbers.ts";
import { coloursFor } from "../output/colours.ts";
import { progressBar } from "../output/progress.ts";
import { writeJson, writeTo } from "../output/streams.ts";
import { bytes } from "../output/units.ts";
import type { DefineCommand } from "./all.ts";

interface SynthFlags {
  readonly arch: string;
  readonly layers?: number;
  readonly type: StorageDType;
  readonly layout?: SynthLayout;
  readonly seed: number;
  readonly output: string;
  readonly json?: true;
}

export const synth: DefineCommand = (command, context) => {
  command
    .description(
      "Writes a GGUF file with the shapes and settings of a published model, a synthetic vocabulary and small random weights: what " +
        "benchmarks and plans need of a model, at the speed of the disk. Experts are used evenly. The same seed gives the same bytes.",
    )
    .addOption(
      new Option("--arch <NAME>", "the model whose shapes are taken")
        .choices(synthPresets.map(({ name }) => name))
        .makeOptionMandatory(),
    )
    .option("--layers <N>", "only the first N layers, dense ones included", wholeNumber(1, 1000))
    .addOption(
      new Option(
        "--type <TYPE>",
        "type of the matrices; embedding and output get eight bits at least, norms f32",
      )
        .choices(codecNames.filter((name) => name !== "i32"))
        .makeOptionMandatory(),
    )
    .addOption(
      new Option(
        "--layout <LAYOUT>",
        "how a latent's heads are stored: mla (attn_k_b and attn_v_b, as llama.cpp writes them) or kv_b (attn_kv_b, as ik_llama.cpp wants it)",
      ).choices(synthLayouts),
    )
    .option("--seed <SEED>", "seed of the weights", wholeNumber(0), 1)
    .requiredOption("-o, --output <FILE>", "file to write; it appears when it is whole")
    .option("--json", "print what was written as JSON")
    .addHelpText(
      "after",
      "\nExamples:\n  tensorplan synth --arch deepseek-v2-lite --layers 4 --type iq4_nl -o lite-4.gguf\n  tensorplan synth --arch qwen3-30b-a3b --layers 2 --type q8_0 -o qwen-2.gguf",
    )
    .action(async (flags: SynthFlags) => {
      const started = performance.now();
      const progress = await progressBar(context.stderr, "writing");
      const size = await writeSynth(flags.output, {
        preset: synthPreset(flags.arch),
        type: flags.type,
        layers: flags.layers,
        layout: flags.layout,
        seed: flags.seed,
        signal: context.signal,
        onProgress: (done, total) => progress.update(done, total),
      }).finally(() => progress.stop());
      const seconds = (performance.now() - started) / 1000;
      if (flags.json) return writeJson(context.stdout, { path: flags.output, bytes: size, seconds });
      const { bold } = coloursFor(context.stderr, context.env);
      const speed = bytes(Math.round(size / seconds));
      await writeTo(
        context.stderr,
        `${bold(flags.output)}: ${bytes(size)} in ${seconds.toFixed(1)} s (${speed}/s)\n`,
      );
    });
};
