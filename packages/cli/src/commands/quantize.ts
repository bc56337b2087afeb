import { type QuantizeType, quantizeFile, quantizeTypes } from "@tensorplan/models";
import { InvalidArgumentError } from "commander";
import { wholeNumber } from "../args/numbers.ts";
import { coloursFor } from "../output/colours.ts";
import { progressBar } from "../output/progress.ts";
import { writeJson, writeTo } from "../output/streams.ts";
import { bytes } from "../output/units.ts";
import type { DefineCommand } from "./all.ts";

interface QuantizeFlags {
  readonly threads?: number;
  readonly json?: true;
}

export const quantize: DefineCommand = (command, context) => {
  command
    .description(
      "Writes a GGUF file's matrices in another type. Vectors, norms and routers become f32; rows that aren't whole blocks take a type with " +
        "smaller blocks; the embedding's rows are never interleaved. Each block's scales are those with the least squared error that a search finds.",
    )
    .argument("<IN>", "GGUF file, any part of a split one, in any type whose values can be read")
    .argument("<OUT>", "file to write; it appears when it is whole")
    .argument("<TYPE>", "type of the matrices, in capitals or not", quantizeType)
    .option("-t, --threads <N>", "threads (default: one for each core)", wholeNumber(1, 1024))
    .option("--json", "print what was written as JSON")
    .addHelpText(
      "after",
      `\nTypes: ${names}\n\nExamples:\n  tensorplan quantize model-f16.gguf model-q4_k.gguf q4_k\n  tensorplan quantize -t 8 model-f16.gguf model-iq4_k.gguf iq4_k`,
    )
    .action(async (from: string, to: string, type: QuantizeType, flags: QuantizeFlags) => {
      const started = performance.now();
      const progress = await progressBar(context.stderr, `writing ${type}`);
      const summary = await quantizeFile(from, to, type, {
        threads: flags.threads,
        signal: context.signal,
        onProgress: (done, total) => progress.update(done, total),
      }).finally(() => progress.stop());
      const seconds = (performance.now() - started) / 1000;
      if (flags.json) return writeJson(context.stdout, { path: to, ...summary, seconds });
      const { bold } = coloursFor(context.stderr, context.env);
      const types = Object.entries(summary.types).map(([name, count]) => `${count} ${name}`);
      const again =
        summary.requantised === 0
          ? ""
          : `note: ${summary.requantised} tensors were quantised already: a file in f16 or f32 gives better values\n`;
      await writeTo(
        context.stderr,
        `${bold(to)}: ${bytes(summary.bytes)}, tensors ${types.join(", ")}, error ${(100 * summary.error).toFixed(2)} % of the values, ${seconds.toFixed(1)} s\n${again}`,
      );
    });
};

const names = Object.keys(quantizeTypes).join(", ");
const isType = (name: string): name is QuantizeType => Object.hasOwn(quantizeTypes, name);

function quantizeType(text: string): QuantizeType {
  const name = text.trim().toLowerCase();
  if (isType(name)) return name;
  throw new InvalidArgumentError(`Give one of ${names}.`);
}
