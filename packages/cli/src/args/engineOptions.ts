import { shippedDevices } from "@tensorplan/runtime";
import { type Command, Option } from "commander";
import { type AttentionOptionValues, addAttentionOptions } from "./attentionOptions.ts";
import { withShortName } from "./normaliseArgv.ts";
import { wholeNumber } from "./numbers.ts";
import { addPlacementOptions, type PlacementOptionValues } from "./placementOptions.ts";

const cacheTypes = ["f32", "f16", "bf16", "q8_0"] as const;
/** What weights can be converted to while they are loaded. */
const weightTypes = ["q8_0", "f16", "bf16", "f32"] as const;
/** What llama.cpp can store besides, for plans that emulate it. */
const ggmlCacheTypes = ["q4_0", "q4_1", "q5_0", "q5_1", "iq4_nl"] as const;

export const isCacheType = (name: string): name is (typeof cacheTypes)[number] =>
  cacheTypes.some((known) => known === name);

/** Flags that say which model runs how: shared by every command that plans or runs one. */
export interface EngineFlags extends PlacementOptionValues, AttentionOptionValues {
  readonly model?: string;
  readonly ctxSize?: number;
  readonly batchSize?: number;
  readonly ubatchSize: number;
  readonly threads?: number;
  /** `auto`, or names of backends in the order of their devices. */
  readonly backend: string;
  readonly cpuDevices?: number;
  /** A profile that comes along, or a profile file. */
  readonly devices?: string;
  readonly cacheType?: (typeof cacheTypes | typeof ggmlCacheTypes)[number];
  readonly weightsAs?: (typeof weightTypes)[number];
  readonly tracePasses?: true;
}

/** Adds the flags of the model, of its sizes and of its placement. */
export function addEngineOptions(command: Command): Command {
  const engine = command
    .option("-m, --model <FILE>", "GGUF file (default: the small model that comes along)")
    .option("-c, --ctx-size <N>", "tokens that a sequence may have, prompt included", wholeNumber(1, 2 ** 24))
    .option(
      "-b, --batch-size <N>",
      "most tokens of one step, as llama.cpp calls it: -ub is cut down to it",
      wholeNumber(1, 2 ** 20),
    )
    .addOption(
      withShortName(
        new Option("--ubatch-size <N>", "tokens of one step").argParser(wholeNumber(1, 65_536)).default(512),
        "-ub",
      ),
    )
    .option(
      "-t, --threads <N>",
      "threads of each CPU device (default: one for each core)",
      wholeNumber(1, 1024),
    )
    .addOption(
      withShortName(
        new Option(
          "--cache-type <TYPE>",
          "element type of the caches (default: f32 while all of them stay within 64 MiB, else f16)",
        ).choices([...cacheTypes, ...ggmlCacheTypes]),
        "-ctk",
      ),
    )
    .addOption(
      new Option(
        "--weights-as <TYPE>",
        "convert weights of types that no kernel computes with, such as iq4_k, to this one while they are loaded",
      ).choices(weightTypes),
    )
    .option(
      "--backend <NAME,…>",
      "what runs the model, devices in this order: cpu, reference, or a module (./mine.js) that exports a backend; auto: cpu where it is built",
      "auto",
    )
    .option("--cpu-devices <N>", "open the CPU as N devices with memories of their own", wholeNumber(1, 16))
    .option(
      "--devices <NAME|FILE>",
      `plan for the devices of a profile, here or not: ${shippedDevices.join(", ")}, or a file (tensorplan.devices/1)`,
    )
    .option("--trace-passes", "say what each graph pass changed");
  return addPlacementOptions(addAttentionOptions(engine));
}
