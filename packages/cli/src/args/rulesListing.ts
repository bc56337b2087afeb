import type { Command } from "commander";

/** How `--rules-as` writes rules down. */
export const rulesFormats = ["json", "yaml", "typescript"] as const;
export type RulesFormat = (typeof rulesFormats)[number];

/** `--rules` of commands that list rules too: `--rules FILE` reads a file, `--rules` alone lists what is in force. */
export interface RulesFlag {
  readonly file?: string;
  readonly list?: true;
}

/** Lets a command's `--rules <FILE>` stand alone; it may be given twice, once with a file and once without. */
export function rulesMayStandAlone(command: Command): Command {
  const option = command.options.find(({ long }) => long === "--rules");
  if (option === undefined) throw new Error("the command has no --rules");
  option.flags = "--rules [FILE]";
  option.required = false;
  option.optional = true;
  option.description += "; alone: list all rules in force, defaults included, with what each decided";
  // An empty text is what commander's preset stands for.
  option.preset("").argParser((text: string, before: RulesFlag | undefined): RulesFlag => {
    return text === "" ? { ...before, list: true } : { ...before, file: text };
  });
  return command;
}
