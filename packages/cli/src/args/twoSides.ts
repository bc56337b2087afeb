import { Command, type Option } from "commander";
import { normaliseArgv } from "./normaliseArgv.ts";
import { splitWords } from "./splitWords.ts";

/** One side of a comparison: its flags, and the words by which it differs from the other. */
export interface Side<Flags> {
  readonly flags: Flags;
  readonly words: string;
}

interface Given {
  readonly text: string;
  readonly value: unknown;
}

/**
 * Lets a command describe two sides. An option with one value that is given twice has its first value on side a and its second on side
 * b; given once it holds for both. `--a WORDS` and `--b WORDS` add options to one side.
 *
 * @param addOptions  adds the options that describe a side; called for the command itself and for the words of `--a` and `--b`
 */
export function addTwoSides<Flags extends object>(
  command: Command,
  addOptions: (command: Command) => Command,
): { readonly of: () => { readonly a: Side<Flags>; readonly b: Side<Flags> } } {
  const given = new Map<Option, Given[]>();
  addOptions(command);
  for (const option of command.options) if (takesOneValue(option)) record(option, given);
  command
    .option("--a <FLAGS>", "flags of the first side only, as one word: --a '-ngl 10'")
    .option("--b <FLAGS>", "flags of the second side only");

  const sideOf = (index: 0 | 1): Side<Flags> => {
    const shared: Readonly<Record<string, unknown>> = command.opts();
    const flags: Record<string, unknown> = { ...shared };
    const words: string[] = [];
    for (const [option, values] of given) {
      if (values.length > 2) {
        command.error(
          `error: ${option.long ?? option.flags} is given ${values.length} times, and there are two sides`,
        );
      }
      const mine = values.length === 2 ? values[index] : undefined;
      if (mine === undefined) continue;
      flags[option.attributeName()] = mine.value;
      words.push(`${option.long ?? option.flags} ${mine.text}`);
    }
    const own = shared[index === 0 ? "a" : "b"];
    if (typeof own === "string") {
      words.push(own);
      Object.assign(flags, overlayFlags(flags, own, addOptions, command));
    }
    delete flags.a;
    delete flags.b;
    return { flags: flags as Flags, words: words.join(" ") };
  };
  return { of: () => ({ a: sideOf(0), b: sideOf(1) }) };
}

/** Options that collect what is given name no side; they hold for both. */
const takesOneValue = (option: Option): boolean =>
  (option.required || option.optional) && !option.variadic && !collects(option);

/** A collecting parser answers a list. */
const collectors = new WeakSet<Option>();
const collects = (option: Option): boolean => collectors.has(option);

/** Says that an option may be repeated, every value counting. */
export function repeatable(option: Option): Option {
  collectors.add(option);
  return option.argParser((text: string, before: unknown): readonly string[] => [
    ...(Array.isArray(before) ? before : []),
    text,
  ]);
}

function record(option: Option, given: Map<Option, Given[]>): void {
  const parse = option.parseArg;
  option.argParser((text: string, before: unknown) => {
    const value: unknown = parse === undefined ? text : parse(text, before);
    given.set(option, [...(given.get(option) ?? []), { text, value }]);
    return value;
  });
}

/** Flags with what further words say on top: values that collect are joined, others replaced. */
export function overlayFlags<Flags extends object>(
  flags: Flags,
  words: string,
  addOptions: (command: Command) => Command,
  around: Command,
): Flags {
  const before = new Map<string, unknown>(Object.entries(flags));
  const joined = Object.entries(parseWords(words, addOptions, around)).map(([name, value]) => {
    const first = before.get(name);
    return [name, Array.isArray(value) && Array.isArray(first) ? [...first, ...value] : value];
  });
  return { ...flags, ...Object.fromEntries(joined) };
}

/** Only what the words say: defaults are the command's own. */
function parseWords(
  text: string,
  addOptions: (command: Command) => Command,
  around: Command,
): Readonly<Record<string, unknown>> {
  const inner = addOptions(new Command(around.name()).copyInheritedSettings(around)).allowExcessArguments(
    false,
  );
  inner.parse(normaliseArgv(splitWords(text), inner), { from: "user" });
  return Object.fromEntries(
    Object.entries(inner.opts()).filter(([name]) => inner.getOptionValueSource(name) === "cli"),
  );
}
