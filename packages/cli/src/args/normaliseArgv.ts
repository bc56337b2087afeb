import type { Command, Option } from "commander";

/**
 * Rewrites llama.cpp's flags of one dash and several letters (`-ngl 20`, `-ub=512`) to the long names behind them, which is all that
 * commander knows. Values of options are left alone, and so is everything behind `--`.
 *
 * @param argv  the words behind the command's name; the first may name a command of the command's
 */
export function normaliseArgv(argv: readonly string[], command: Command): readonly string[] {
  const [first] = argv;
  const inner = command.commands.find((each) => each.name() === first);
  if (inner !== undefined) return [inner.name(), ...normaliseArgv(argv.slice(1), inner)];
  const out: string[] = [];
  for (let i = 0; i < argv.length; i++) {
    const word = argv[i] as string;
    if (word === "--") return [...out, ...argv.slice(i)];
    const equals = word.indexOf("=");
    const flag = equals === -1 ? word : word.slice(0, equals);
    const option = shortNamed(command, flag);
    const written = option?.long == null ? word : option.long + word.slice(flag.length);
    out.push(written);
    const takesNext =
      equals === -1 &&
      (option ?? command.options.find(({ short, long }) => word === short || word === long))?.required ===
        true;
    const next = argv[i + 1];
    if (takesNext && next !== undefined) {
      out.push(next);
      i++;
    }
  }
  return out;
}

const aliases = new WeakMap<Option, string>();

/** Gives an option a name of one dash and several letters. */
export function withShortName(option: Option, name: `-${string}`): Option {
  aliases.set(option, name);
  option.description = `${option.description} (also ${name})`;
  return option;
}

const shortNamed = (command: Command, flag: string): Option | undefined =>
  command.options.find((option) => aliases.get(option) === flag);
