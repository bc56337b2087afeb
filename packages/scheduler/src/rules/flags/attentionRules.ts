import type { Graph } from "@tensorplan/ir";
import { MLA_DECOMPRESS_FROM } from "../defaults.ts";
import type { Range, Rule } from "../rule.ts";
import { flagRule, noEffect } from "./flagRule.ts";
import { type LoweringFlags, type MlaMode, type PhaseSwitch, printPhaseSwitch } from "./loweringFlags.ts";

/** From how many new tokens on expanding is estimated to be faster than absorbing, for steps of some contexts. */
export interface MlaCrossover {
  /** The contexts that a rule for it speaks of. */
  readonly context: Range;
  /** Undefined: at no number of tokens that a step can have. */
  readonly expandFrom: number | undefined;
  /** Where both were estimated, smallest context first; the last one gave `expandFrom`. Empty: only one of the two is possible. */
  readonly judged: readonly JudgedContext[];
}

interface JudgedContext {
  readonly context: number;
  readonly expandFrom: number | undefined;
  /** The most tokens that were tried. */
  readonly most: number;
}

interface Wanted {
  readonly mode: MlaMode | undefined;
  readonly flash: PhaseSwitch;
  /** Both flags as typed: their rules are judged together. */
  readonly text: string;
}

const latent = { op: "mla_attention" } as const;
const absorb = ({ text }: Wanted, why: string): Rule =>
  flagRule(text, { name: `${text}: latent attention absorbs`, when: latent, do: { lower: "absorbed" }, why });

/** `absorbed up to 38 new tokens at context 4096 and 41 at 16384, decompressed above`. */
function crossoverText({ judged, expandFrom: from }: MlaCrossover): string {
  if (judged.length === 0) {
    const [way, other] = from === undefined ? ["absorbed", "expanding"] : ["decompressed", "absorbing"];
    return `${way}, for ${other} can't be done in every layer where weights and caches live`;
  }
  const each = judged.map(({ context, expandFrom, most }, i) => {
    const up = expandFrom === undefined ? most : expandFrom - 1;
    const words = i === 0 ? [`up to ${up} new tokens`, "at context"] : [String(up), "at"];
    return `${words[0]}${expandFrom === undefined ? ", the most that were tried," : ""} ${words[1]} ${context}`;
  });
  const list = [each.slice(0, -1).join(", "), each.at(-1) ?? ""].filter((part) => part !== "").join(" and ");
  return `absorbed ${list}${judged.some(({ expandFrom }) => expandFrom !== undefined) ? ", decompressed above" : ""}`;
}

/** `, context 1024 to 8191`; nothing where all contexts are meant. */
function contextText({ atLeast, below }: Range): string {
  if (atLeast === undefined) return below === undefined ? "" : `, context below ${below}`;
  return below === undefined ? `, context from ${atLeast}` : `, context ${atLeast} to ${below - 1}`;
}

const reasonOf = (crossovers: readonly MlaCrossover[]): string => {
  const by = crossovers.some(({ judged }) => judged.length > 0) ? "by the cost model: " : "";
  return `${by}${crossovers.map(crossoverText).join("; ")}`;
};

function estimatedRules(wanted: Wanted, crossovers: readonly MlaCrossover[]): readonly Rule[] {
  const expanding = crossovers.flatMap((crossover): readonly Rule[] => {
    const { context, expandFrom } = crossover;
    if (expandFrom === undefined) return [];
    const anyContext = context.atLeast === undefined && context.below === undefined;
    return [
      flagRule(wanted.text, {
        name: `${wanted.text}: latent attention expands from ${expandFrom} new tokens${contextText(context)}`,
        when: {
          ...latent,
          tokensPerSequence: { atLeast: expandFrom },
          ...(anyContext ? {} : { context }),
        },
        do: { lower: "decompressed" },
        why: reasonOf([crossover]),
      }),
    ];
  });
  return [...expanding, absorb(wanted, reasonOf(crossovers))];
}

/** How the compressed cache is read. */
function latentRules(wanted: Wanted, crossovers: readonly MlaCrossover[]): readonly Rule[] {
  const { mode, flash, text } = wanted;
  if (mode === "1") return [absorb(wanted, "working on the compressed cache reads the least memory")];
  if (flash.prefill === false) {
    return [absorb(wanted, "expanded keys and values are only read by flash attention, which is off")];
  }
  if (mode === undefined) return [];
  if (mode === "auto") return estimatedRules(wanted, crossovers);
  return [
    flagRule(text, {
      name: `${text}: latent attention expands from ${MLA_DECOMPRESS_FROM} new tokens`,
      when: { ...latent, tokensPerSequence: { atLeast: MLA_DECOMPRESS_FROM } },
      do: { lower: "decompressed" },
      why: "many queries share the cost of expanding the cache to keys and values",
    }),
    absorb(wanted, `fewer than ${MLA_DECOMPRESS_FROM} new tokens don't pay for expanding the cache`),
  ];
}

/** Whether attention is one kernel or three, where a flag says so. */
function kernelRules({ mode, flash, text }: Wanted, op: string): readonly Rule[] {
  if (mode === "2") {
    return [
      flagRule(text, {
        name: `${text}: absorbed attention in parts`,
        when: { op },
        do: { lower: "naive" },
        why: "mode 2 takes flash attention for expanded keys and values alone",
      }),
    ];
  }
  const rule = (on: boolean, phase: "prefill" | "decode" | undefined): Rule =>
    flagRule(text, {
      name: `${text}: attention in ${on ? "one kernel" : "parts"}${phase === undefined ? "" : `, ${phase}`}`,
      when: { op, ...(phase === undefined ? {} : { phase }) },
      do: { lower: on ? "flash" : "naive" },
      why: on ? "the scores never leave the kernel" : "scores, softmax and values one after the other",
    });
  const { prefill, decode } = flash;
  if (prefill !== undefined && prefill === decode) return [rule(prefill, undefined)];
  return [
    ...(prefill === undefined ? [] : [rule(prefill, "prefill")]),
    ...(decode === undefined ? [] : [rule(decode, "decode")]),
  ];
}

/**
 * Lower rules of `-mla` and `-fa`. What a mode means hangs on whether prompts have flash attention: without it nothing reads expanded
 * keys and values, and every mode absorbs.
 *
 * @param crossovers what `-mla auto` goes by
 * @throws TensorplanError `flags/no-effect`
 */
export function attentionRules(
  { mla, flashAttention }: LoweringFlags,
  graph: Graph,
  crossovers: readonly MlaCrossover[],
): readonly Rule[] {
  const has = (op: string) => graph.nodes.some((node) => node.op === op);
  const text = [
    ...(mla === undefined ? [] : [`-mla ${mla}`]),
    ...(flashAttention === undefined ? [] : [`-fa ${printPhaseSwitch(flashAttention)}`]),
  ].join(" ");
  const wanted = { mode: mla, flash: flashAttention ?? {}, text };
  if (has("mla_attention"))
    return [...latentRules(wanted, crossovers), ...kernelRules(wanted, "latent_attention")];
  if (mla !== undefined && mla !== "0") {
    noEffect(`-mla ${mla}`, "the model has no latent attention", "leave it out");
  }
  if (flashAttention !== undefined && !has("attention")) {
    noEffect(text, "the model has no attention", "leave it out");
  }
  return kernelRules(wanted, "attention");
}
