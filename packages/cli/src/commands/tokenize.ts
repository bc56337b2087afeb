import { embeddedModelPath, openGguf, tokenizerFromGguf } from "@tensorplan/models";
import { addPromptOptions, checkTokens, type PromptFlags, promptTokens } from "../args/promptOptions.ts";
import { coloursFor } from "../output/colours.ts";
import { writeJson, writeTo } from "../output/streams.ts";
import { table } from "../output/table.ts";
import type { DefineCommand } from "./all.ts";

interface TokenizeFlags extends PromptFlags {
  readonly model?: string;
  readonly ids?: true;
  readonly json?: true;
}

export const tokenize: DefineCommand = (command, context) => {
  addPromptOptions(
    command
      .description("Shows the tokens that a text becomes, or the text that token ids stand for.")
      .option(
        "-m, --model <FILE>",
        "GGUF file whose vocabulary is used (default: the model that comes along)",
      ),
  )
    .option("--ids", "print only the ids, separated by commas, as --tokens takes them")
    .option("--json", "print ids, pieces and text as JSON")
    .addHelpText(
      "after",
      '\nExamples:\n  tensorplan tokenize -p "In the beginning"\n  tensorplan tokenize -m model.gguf -f text.txt --ids\n  tensorplan tokenize --tokens 0,423,1078',
    )
    .action(async (flags: TokenizeFlags) => {
      const { metadata } = await openGguf(flags.model ?? embeddedModelPath());
      const tokenizer = tokenizerFromGguf(metadata);
      const ids = await promptTokens(flags, () => tokenizer, context);
      if (ids === undefined)
        return command.error("error: give a text (-p), a file (-f) or token ids (--tokens)");
      if (ids.length > 0) checkTokens(ids, tokenizer.vocabSize);
      if (flags.ids) return writeTo(context.stdout, `${ids.join(",")}\n`);
      // A piece alone may be half a character: the decoder then shows U+FFFD.
      const pieces = ids.map((id) => tokenizer.decode([id], { special: true }));
      if (flags.json) return writeJson(context.stdout, { ids, pieces, text: tokenizer.decode(ids) });
      const rows = ids.map((id, i) => [String(id), JSON.stringify(pieces[i] ?? "")]);
      if (rows.length > 0)
        await writeTo(context.stdout, table([{ title: "id", align: "right" }, { title: "text" }], rows));
      const { dim } = coloursFor(context.stderr, context.env);
      await writeTo(context.stderr, `${dim(`${ids.length} tokens`)}\n`);
    });
};
