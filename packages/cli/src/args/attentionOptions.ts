import { type LoweringFlags, loweringFlagHelp, mlaModes, type PhaseSwitch } from "@tensorplan/scheduler";
import { type Command, InvalidArgumentError, Option } from "commander";
import { withShortName } from "./normaliseArgv.ts";

/** `-fa` as typed. `auto` says something to `--policy ggml` alone: rules take one kernel where there is one anyway. */
type FlashFlag = PhaseSwitch | "auto";

/** Flags that say how attention and experts are done. */
export interface AttentionOptionValues {
  readonly mla?: (typeof mlaModes)[number];
  readonly flashAttn?: FlashFlag;
  readonly fusedMoe?: boolean;
  /** `false` where `--no-expert-groups` is given. */
  readonly expertGroups?: boolean;
}

function onOrOff(text: string): boolean {
  if (text === "1" || text === "on") return true;
  if (text === "0" || text === "off") return false;
  throw new InvalidArgumentError("Give 0 or 1.");
}

const phases: Readonly<Record<string, keyof PhaseSwitch>> = { pp: "prefill", tg: "decode" };

function flashFlag(text: string): FlashFlag {
  if (text === "auto") return text;
  if (!text.includes("=")) {
    const on = onOrOff(text);
    return { prefill: on, decode: on };
  }
  const found: { -readonly [Phase in keyof PhaseSwitch]: PhaseSwitch[Phase] } = {};
  for (const part of text.split(",")) {
    const [name = "", value = ""] = part.split("=");
    const phase = phases[name.trim()];
    if (phase === undefined || found[phase] !== undefined) {
      throw new InvalidArgumentError("Give 0 or 1, or each kind of step its own: pp=1,tg=0.");
    }
    found[phase] = onOrOff(value.trim());
  }
  return found;
}

/** Adds the flags that say how attention and experts are done; each one's help says which kind of rule it makes. */
export function addAttentionOptions(command: Command): Command {
  const short = (name: `-${string}`, option: Option) => command.addOption(withShortName(option, name));
  short("-mla", new Option("--mla <MODE>", loweringFlagHelp.mla).choices(mlaModes));
  short(
    "-fa",
    new Option("--flash-attn [0|1|pp=N,tg=N]", loweringFlagHelp.flashAttention)
      .argParser(flashFlag)
      .preset("on"),
  );
  short(
    "-fmoe",
    new Option("--fused-moe [0|1]", loweringFlagHelp.fusedExperts).argParser(onOrOff).preset("1"),
  );
  return command.option(
    "--no-expert-groups",
    "another graph: experts are chosen among all, as ik_llama.cpp does, whatever groups the model names",
  );
}

/** The flags as lower rules are made of them. `-fa auto` isn't among them: the caller has refused it. */
export const loweringFlags = ({ mla, flashAttn, fusedMoe }: AttentionOptionValues): LoweringFlags => ({
  ...(mla === undefined ? {} : { mla }),
  ...(flashAttn === undefined || flashAttn === "auto" ? {} : { flashAttention: flashAttn }),
  ...(fusedMoe === undefined ? {} : { fusedExperts: fusedMoe }),
});
