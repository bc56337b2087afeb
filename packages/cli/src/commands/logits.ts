import { Option } from "commander";
import { addEngineOptions, type EngineFlags } from "../args/engineOptions.ts";
import { addPromptOptions, type PromptFlags } from "../args/promptOptions.ts";
import { readModelHeader } from "../engine/modelHeader.ts";
import { openEngine } from "../engine/openEngine.ts";
import { writeJson, writeTo } from "../output/streams.ts";
import { writeWholeFile } from "../output/writeFile.ts";
import type { DefineCommand } from "./all.ts";

interface LogitsFlags extends EngineFlags, PromptFlags {
  readonly all?: true;
  readonly output: string;
  readonly json?: true;
}

export const logits: DefineCommand = (command, context) => {
  addEngineOptions(
    addPromptOptions(
      command.description(
        "Writes the logits behind a prompt as raw little-endian f32: those of the last position, or of every one in order.",
      ),
    ),
  )
    .option("--all", "write the logits of every position")
    .addOption(
      new Option(
        "-o, --output <FILE>",
        "file to write; it appears when it is whole (- is standard output)",
      ).makeOptionMandatory(),
    )
    .option("--json", "print the number of positions, the vocabulary and the bytes as JSON")
    .addHelpText(
      "after",
      "\nExamples:\n  tensorplan logits --tokens 0,1372,262 -o last.f32\n  tensorplan logits -m model.gguf -f text.txt --all --backend reference -o all.f32",
    )
    .action(async (flags: LogitsFlags) => {
      if (flags.json && flags.output === "-")
        command.error("error: --json and -o - both want standard output");
      const header = await readModelHeader(flags.model);
      const tokens = await header.prompt(flags, context);
      if (tokens === undefined)
        return command.error("error: give a text (-p), a file (-f) or token ids (--tokens)");
      header.checkPrompt(tokens, flags.ctxSize);
      const needs = {
        contextLength: flags.ctxSize ?? tokens.length,
        ...(flags.all ? { maxOutputs: OUTPUTS } : {}),
      };
      const engine = await openEngine(header.path, flags, needs, context);
      const rows: Uint8Array[] = [];
      try {
        const outputs = flags.all ? "all" : "last";
        const keep = (_: number, row: Float32Array) => void rows.push(littleEndian(row));
        await engine.prefill(engine.sequence(), tokens, { outputs, onLogits: keep, signal: context.signal });
      } finally {
        await engine.dispose();
      }
      if (flags.output === "-") {
        for (const row of rows) await writeTo(context.stdout, row);
        return;
      }
      const write = async (file: { writev(buffers: Uint8Array[]): Promise<unknown> }) =>
        void (await file.writev(rows));
      await writeWholeFile(flags.output, write, context.signal);
      if (!flags.json) return;
      const { vocab } = header;
      await writeJson(context.stdout, {
        path: flags.output,
        positions: rows.length,
        vocab,
        bytes: rows.length * vocab * 4,
      });
    });
};

/** Logits of this many positions are computed in one step: a vocabulary of 100,000 then takes 25 MB. */
const OUTPUTS = 64;

function littleEndian(row: Float32Array): Uint8Array {
  const bytes = new Uint8Array(row.length * 4);
  const view = new DataView(bytes.buffer);
  for (let i = 0; i < row.length; i++) view.setFloat32(i * 4, row[i] ?? Number.NaN, true);
  return bytes;
}
