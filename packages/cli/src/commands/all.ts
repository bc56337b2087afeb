import type { Command } from "commander";
import type { CliContext } from "../cliContext.ts";

/** Gives a command its options, help and action. */
export type DefineCommand = (command: Command, context: CliContext) => void;

export interface CommandEntry {
  readonly name: string;
  readonly summary: string;
  /** Loads the command's module: the others are not read, so that every start is fast. */
  readonly load: () => Promise<DefineCommand>;
}

/** Every command, in the order of the help. */
export const commands: readonly CommandEntry[] = [
  {
    name: "inspect",
    summary: "show a GGUF file's metadata and tensors",
    load: async () => (await import("./inspect.ts")).inspect,
  },
  {
    name: "tokenize",
    summary: "show the tokens of a text",
    load: async () => (await import("./tokenize.ts")).tokenize,
  },
  {
    name: "synth",
    summary: "write a GGUF file with real shapes and random weights",
    load: async () => (await import("./synth.ts")).synth,
  },
];
