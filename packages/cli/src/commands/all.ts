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
    name: "run",
    summary: "continue a prompt",
    load: async () => (await import("./run.ts")).run,
  },
  {
    name: "plan",
    summary: "show where everything lives and runs, and what memory it takes",
    load: async () => (await import("./plan.ts")).plan,
  },
  {
    name: "explain",
    summary: "say why a node, weight or cache is where it is",
    load: async () => (await import("./explain.ts")).explain,
  },
  {
    name: "devices",
    summary: "list the devices of this machine",
    load: async () => (await import("./devices.ts")).devices,
  },
  {
    name: "calibrate",
    summary: "measure this machine, so that plans tell the time of their steps",
    load: async () => (await import("./calibrate.ts")).calibrate,
  },
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
    name: "logits",
    summary: "write the logits behind a prompt to a file",
    load: async () => (await import("./logits.ts")).logits,
  },
  {
    name: "perplexity",
    summary: "measure how well a model predicts a text",
    load: async () => (await import("./perplexity.ts")).perplexity,
  },
  {
    name: "bench",
    summary: "time prompts and generation, as llama-bench does",
    load: async () => (await import("./bench.ts")).bench,
  },
  {
    name: "sweep",
    summary: "time them at growing context, as llama-sweep-bench does",
    load: async () => (await import("./sweep.ts")).sweep,
  },
  {
    name: "synth",
    summary: "write a GGUF file with real shapes and random weights",
    load: async () => (await import("./synth.ts")).synth,
  },
  {
    name: "quantize",
    summary: "write a GGUF file's weights in another type",
    load: async () => (await import("./quantize.ts")).quantize,
  },
  {
    name: "conformance",
    summary: "hold a backend to the operations' definitions",
    load: async () => (await import("./conformance.ts")).conformance,
  },
  {
    name: "create-backend",
    summary: "write a folder with a backend to begin from",
    load: async () => (await import("./createBackend.ts")).createBackend,
  },
];
