import type { StorageDType } from "@tensorplan/ir";
import { synthPresets } from "@tensorplan/models";
import { type Command, Option } from "commander";
import { addEngineOptions, type EngineFlags } from "./engineOptions.ts";
import { addLlamaOptions, type LlamaOptions } from "./llamaOptions.ts";
import { withShortName } from "./normaliseArgv.ts";
import { wholeNumber } from "./numbers.ts";
import { storageType } from "./storageType.ts";

/** Flags of every command that plans without running: a model with or without a file, on devices that are here or aren't. */
export interface PlanFlags extends EngineFlags, Partial<LlamaOptions> {
  readonly arch?: string;
  readonly type?: StorageDType;
  readonly layers?: number;
  readonly parallel?: number;
}

/** Adds the flags of the model or its configuration, of the sizes of steps, of the devices and of the placement. */
export function addPlanOptions(command: Command): Command {
  addEngineOptions(command)
    .addOption(
      new Option(
        "--arch <NAME>",
        "plan a published model's configuration instead of a file; --type says what its weights are stored in",
      ).choices(synthPresets.map(({ name }) => name)),
    )
    .addOption(
      new Option(
        "--type <TYPE>",
        "with --arch: type of the matrices (f16, q8_0, iq4_nl, q4_k, iq4_k, …); embedding and output get eight bits at least, norms f32",
      ).argParser(storageType),
    )
    .option("--layers <N>", "with --arch: only the first N layers, dense ones included", wholeNumber(1, 1000))
    .addOption(
      withShortName(
        new Option("--parallel <N>", "sequences that can be full at the same time (default: 1)").argParser(
          wholeNumber(1, 65_536),
        ),
        "-np",
      ),
    );
  return addLlamaOptions(command);
}
