import { Command, CommanderError } from "commander";
import { normaliseArgv } from "./args/normaliseArgv.ts";
import { type CliContext, exitCodes } from "./cliContext.ts";
import { type CommandEntry, commands } from "./commands/all.ts";
import { ExitStatus } from "./exitStatus.ts";
import { reportError } from "./output/reportError.ts";
import { version } from "./version.ts";

/**
 * Runs one command line. Only the module of the command that is named gets loaded.
 *
 * @param argv  without the program's own name
 * @returns the exit code
 */
export async function runCli(argv: readonly string[], context: CliContext): Promise<number> {
  try {
    const { program, args } = await prepare(argv, context);
    await program.parseAsync(args, { from: "user" });
    return context.signal.aborted ? exitCodes.interrupted : exitCodes.ok;
  } catch (error) {
    if (context.signal.aborted) return exitCodes.interrupted;
    if (error instanceof ExitStatus) return error.status;
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.ok : exitCodes.usage;
    await reportError(error, context);
    return exitCodes.failed;
  }
}

async function prepare(argv: readonly string[], context: CliContext) {
  const program = configured(new Command("tensorplan"), context)
    .description(
      "Compiles a model, decides where every weight lives and every operation runs, says why, and runs it.",
    )
    .version(version(), "-V, --version", "show the version")
    .helpCommand("help [command]", "show help of a command")
    // A command of a command sees its own options, not its parents'.
    .enablePositionalOptions()
    .addHelpText("after", examples);
  const [first, second] = argv;
  const named = first === "help" ? second : first;
  let chosen: Command | undefined;
  for (const entry of commands) {
    const command = entry.name === named ? await built(entry, context) : outlineOf(entry, context);
    if (entry.name === named) chosen = command;
    program.addCommand(command);
  }
  if (chosen === undefined || first === "help") return { program, args: argv };
  return { program, args: [chosen.name(), ...normaliseArgv(argv.slice(1), chosen)] };
}

/** What the list of commands shows of one whose module isn't loaded. */
const outlineOf = ({ name, summary }: CommandEntry, context: CliContext): Command =>
  configured(new Command(name), context).summary(summary);

async function built(entry: CommandEntry, context: CliContext): Promise<Command> {
  const define = await entry.load();
  const command = configured(new Command(entry.name), context).summary(entry.summary);
  define(command, context);
  return command;
}

/** Streams and exits are ours; unknown and surplus words are errors. */
function configured(command: Command, { stdout, stderr }: CliContext): Command {
  return command
    .exitOverride()
    .helpOption("-h, --help", "show this help")
    .allowExcessArguments(false)
    .configureHelp({ sortSubcommands: false, helpWidth: Math.min(stdout.columns ?? 100, 110) })
    .showHelpAfterError(
      `(tensorplan ${command.name() === "tensorplan" ? "" : `${command.name()} `}--help shows what is allowed)`,
    )
    .configureOutput({
      writeOut: (text) => void stdout.write(text),
      writeErr: (text) => void stderr.write(text),
    });
}

const examples = `
Examples:
  tensorplan run                                 let the model that comes along write something
  tensorplan run -m model.gguf -p "Once upon" -n 64
  tensorplan plan -m model.gguf --cpu-devices 2  where everything goes, before anything is loaded
  tensorplan explain -m model.gguf blk.3.attn.q  why it goes there
  tensorplan synth --arch deepseek-v2-lite --layers 4 --type iq4_nl -o lite.gguf`;
