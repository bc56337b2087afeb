import { expect } from "vitest";
import { tensorplan } from "../cli/support.ts";

/** A question of people who place models, and how the tool answers it. */
export interface Question {
  readonly title: string;
  /** Where it was asked. */
  readonly asked: string;
  /** What to know before reading the answer. */
  readonly before: string;
  readonly commands: readonly Command[];
  /** What the answer says. */
  readonly after: string;
}

/** A command line, what of its output the page shows, and what the output must say for the page's words to be true. */
export interface Command {
  readonly argv: readonly string[];
  /** Lines that are shown; all of them where nothing is said. */
  readonly show?: (line: string, index: number) => boolean;
  readonly says: readonly (string | RegExp)[];
  /** Exit status. */
  readonly code?: 0 | 1;
}

export const liteOn = (devices: string, ...flags: readonly string[]): readonly string[] => [
  "--arch",
  "deepseek-v2-lite",
  "--type",
  "iq4_nl",
  "--devices",
  devices,
  ...flags,
];
/** What most people begin with: everything on the card but the experts. */
export const offload = ["-ngl", "99", "-ot", "exps=CPU"] as const;

const outputs = new Map<string, Promise<{ readonly code: number; readonly text: string }>>();

/** Runs a command line once for all who ask. */
function outputOf(argv: readonly string[]): Promise<{ readonly code: number; readonly text: string }> {
  const key = JSON.stringify(argv);
  const known = outputs.get(key);
  if (known !== undefined) return known;
  const made = tensorplan(argv).then(({ code, stdout, stderr }) => ({
    code,
    text: stdout === "" ? stderr : stdout,
  }));
  outputs.set(key, made);
  return made;
}

/** Checks that a command still says what the page takes from it. */
export async function check({ argv, says, code = 0 }: Command): Promise<void> {
  const output = await outputOf(argv);
  expect(output.code, output.text).toBe(code);
  for (const words of says) {
    if (typeof words === "string") expect(output.text).toContain(words);
    else expect(output.text).toMatch(words);
  }
}

const quoted = (word: string): string => (/^[\w./:=,-]+$/.test(word) ? word : `'${word}'`);

/** The command and what is shown of its output, indented as code; `…` stands for what is left out. */
async function transcript({ argv, show = () => true }: Command): Promise<string> {
  const { text } = await outputOf(argv);
  const lines: string[] = [];
  text
    .trimEnd()
    .split("\n")
    .forEach((line, index) => {
      if (show(line, index)) lines.push(line);
      else if (lines.at(-1) !== "…") lines.push("…");
    });
  const command = `$ tensorplan ${argv.map(quoted).join(" ")}`;
  return [command, "", ...lines].map((line) => (line === "" ? "" : `    ${line}`)).join("\n");
}

/** One section of the page. */
export async function section(
  { title, asked, before, commands, after }: Question,
  number: number,
): Promise<string> {
  const transcripts = await Promise.all(commands.map(transcript));
  return [`## ${number}. ${title}`, `*Asked in ${asked}.*`, before, ...transcripts, after].join("\n\n");
}
