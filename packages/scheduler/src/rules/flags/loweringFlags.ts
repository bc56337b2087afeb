/** How multi-head latent attention is done. 0 is a graph of its own; the others are lowerings over one compressed cache. */
export const mlaModes = ["0", "1", "2", "3", "auto"] as const;
export type MlaMode = (typeof mlaModes)[number];

/** Something that is on or off for each kind of step; where nothing is said, the defaults decide. */
export interface PhaseSwitch {
  readonly prefill?: boolean;
  readonly decode?: boolean;
}

/** Flags that say how composites are done. */
export interface LoweringFlags {
  /** `-mla` */
  readonly mla?: MlaMode;
  /** `-fa` */
  readonly flashAttention?: PhaseSwitch;
  /** `-fmoe` */
  readonly fusedExperts?: boolean;
}

/** What each flag's help says about the rules that it makes. */
export const loweringFlagHelp: Readonly<Record<keyof LoweringFlags, string>> = {
  mla:
    "how latent attention is done. 1, 2, 3, auto: lower rules over the compressed cache: 1 absorbs; 2 and 3 expand keys and values from 128 " +
    "new tokens on and absorb below, 2 without flash attention; auto: thresholds by the cost model, for each context. 0: another graph, " +
    "plain attention with keys and values cached whole",
  flashAttention:
    "lower rules for attention: 1 one kernel, 0 scores, softmax and values one after the other (latent attention absorbs then); " +
    "pp= speaks of prompts, tg= of generation",
  fusedExperts: "a lower rule for mixtures of experts: 1 one kernel, 0 a product after the other",
};

/** `1`, `0`, `pp=1,tg=0`, as typed. */
export function printPhaseSwitch({ prefill, decode }: PhaseSwitch): string {
  if (prefill === decode) return prefill === true ? "1" : "0";
  return [
    ...(prefill === undefined ? [] : [`pp=${prefill ? 1 : 0}`]),
    ...(decode === undefined ? [] : [`tg=${decode ? 1 : 0}`]),
  ].join(",");
}
