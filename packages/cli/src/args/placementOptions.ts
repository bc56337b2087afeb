import { type Objective, objectives, placementFlagHelp, splitModes } from "@tensorplan/scheduler";
import { type Command, InvalidArgumentError, Option } from "commander";
import { withShortName } from "./normaliseArgv.ts";
import { wholeNumber } from "./numbers.ts";
import { repeatable } from "./twoSides.ts";

/** Flags that become placement rules, and the file of rules. */
export interface PlacementOptionValues {
  readonly gpuLayers?: number;
  readonly splitMode?: (typeof splitModes)[number];
  readonly tensorSplit?: string;
  readonly mainGpu?: string;
  readonly overrideTensor?: readonly string[];
  readonly cpuMoe?: true;
  readonly nCpuMoe?: number;
  /** `false` where `--no-kv-offload` is given. */
  readonly kvOffload?: boolean;
  readonly opOffload?: boolean;
  readonly stream?: readonly string[];
  readonly mmap?: true;
  readonly rules?: string;
  readonly strict?: boolean;
  readonly optimise?: Objective;
}

/** llama-bench turns things off with 1, and leaves them on with 0; without either, the flag's being there turns them off. */
function turnsOff(text: string): boolean {
  if (text === "0") return true;
  if (text === "1") return false;
  throw new InvalidArgumentError("Give 0 or 1, or nothing.");
}

/** Adds the flags that place weights, caches and work; each one's help says which kind of rule it makes. */
export function addPlacementOptions(command: Command): Command {
  const help = placementFlagHelp;
  return command
    .addOption(
      withShortName(
        new Option("--gpu-layers <N>", help.gpuLayers).argParser(wholeNumber(0, 100_000)),
        "-ngl",
      ),
    )
    .addOption(withShortName(new Option("--split-mode <MODE>", help.splitMode).choices(splitModes), "-sm"))
    .addOption(withShortName(new Option("--tensor-split <SHARES>", help.tensorSplit), "-ts"))
    .addOption(withShortName(new Option("--main-gpu <DEVICE>", help.mainGpu), "-mg"))
    .addOption(
      withShortName(repeatable(new Option("--override-tensor <REGEX=DEVICE>", help.overrideTensors)), "-ot"),
    )
    .addOption(withShortName(new Option("--cpu-moe", help.cpuExperts), "-cmoe"))
    .addOption(
      withShortName(
        new Option("--n-cpu-moe <N>", help.cpuExpertLayers).argParser(wholeNumber(0, 100_000)),
        "-ncmoe",
      ),
    )
    .addOption(
      withShortName(new Option("--no-kv-offload [0|1]", help.noKvOffload).argParser(turnsOff), "-nkvo"),
    )
    .addOption(
      withShortName(new Option("--no-op-offload [0|1]", help.noOpOffload).argParser(turnsOff), "-nopo"),
    )
    .addOption(repeatable(new Option("--stream <REGEX=DEVICE>", help.streamTensors)))
    .option("--mmap", help.mapWeights)
    .option(
      "--rules <FILE>",
      "placement rules, JSON or YAML; they come before the flags' rules and the defaults",
    )
    .addOption(
      new Option(
        "--optimise <WHAT>",
        "an optimise rule: weights and caches that no other rule of yours places live where such a step takes least by the cost model, within the devices' memory",
      ).choices(objectives),
    )
    .option(
      "--no-strict",
      "where a rule of yours can't be obeyed, ask the next one and count it, instead of stopping with an error",
    );
}
