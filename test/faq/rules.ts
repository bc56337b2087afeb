import { liteOn, offload, type Question } from "./question.ts";

const lite = liteOn("rtx4080", ...offload);

/** Questions about rules and choices. */
export const ruleQuestions: readonly Question[] = [
  {
    title: "Must I build without CUDA to run on the CPU?",
    asked: "ik_llama.cpp discussion #357, where that was the advice",
    before:
      "What a machine could do doesn't decide what it does. Without a rule that stores something on the card, nothing goes there.",
    commands: [
      {
        argv: ["plan", ...liteOn("rtx4080")],
        show: (line) => /^( {2}(device|cpu|cuda:0) |warnings| {2}cuda:0 \()/.test(line),
        says: [
          /^ {2}cuda:0 +0 B +0 B +0 B +0 B +0 B/m,
          "cuda:0 (15.0 GiB) gets no work: no rule stores anything there",
        ],
      },
    ],
    after: "You are told that the card stays empty, in case that wasn't what you meant.",
  },
  {
    title: "Will a cache type send attention to the CPU?",
    asked:
      "llama.cpp #28455, #24485, #27109 and #28633: types without a flash kernel made attention 8 to 45 times slower, silently",
    before: "Ask for the node with the type that you want.",
    commands: [
      {
        argv: ["explain", ...lite, "-ctk", "q8_0", "--phase", "decode", "blk.3.attn.mla.latent"],
        show: (line) => /^(latent_attention |In |latent_attention is|It runs| {2}cuda:0|Cache)/.test(line),
        says: [
          "It runs on cuda:0 by the kernel latent_attention.flash",
          "Cache 'cache.3.kv' (q8_0) lives on cuda:0",
        ],
      },
    ],
    after:
      "Not here. If the type cost attention its device, its lowering or its instruction set, the plan and the run would warn (`cache-type-moves-attention`) and name what f16 caches would give.",
  },
  {
    title: "How can I know that splitting `up` and `gate` is slow?",
    asked: "ik_llama.cpp #521 and discussion #613: from 9 to 1 token a second",
    before: "It is a warning, before anything is loaded.",
    commands: [
      {
        argv: ["plan", ...liteOn("rtx4080", "-ngl", "99", "-ot", "ffn_up_exps=CPU")],
        show: (line) => /ffn_up_exps.weight' \(layers|store both/.test(line),
        says: [
          "'blk.*.ffn_up_exps.weight' (layers 1–26) is on cpu by rule '-ot ffn_up_exps=CPU' and 'blk.*.ffn_gate_exps.weight' on cuda:0 by rule '-ngl 99: layers'",
        ],
      },
    ],
    after: "The warning names both rules and the pattern that keeps the two together.",
  },
  {
    title: "My `-ot` pattern seems to do nothing: is it wrong?",
    asked: "llama.cpp PR #17232, where a user's assignments were dropped without a word",
    before:
      "A rule of yours that matches nothing, or that rules before it leave nothing to decide, is an error that names it.",
    commands: [
      {
        argv: ["plan", ...liteOn("rtx4080", "-ngl", "99", "-ot", "ffn_.*_expz=CPU")],
        code: 1,
        says: ["error[rules/matches-nothing]: rule '-ot ffn_.*_expz=CPU' matches nothing"],
      },
    ],
    after:
      "Nor does a rule give way in silence: what can't be obeyed is an error with what would work, unless the rule says `else: next`.",
  },
  {
    title: "How do I choose a placement without trying them all?",
    asked: "ik_llama.cpp PR #1269 and discussion #532, where the answer was to measure one against the other",
    before:
      "Plan each one: bytes, splits, copies and an estimate of a step come in a second, for machines that you don't have too.",
    commands: [
      {
        argv: ["plan", ...lite],
        show: (line) => /^(estimated| {2}(prefill|decode) +\d+ tokens?,)/.test(line),
        says: [/^ {2}decode +1 token, .* t\/s +busy: cpu .*, cuda:0 /m],
      },
      {
        argv: ["plan", ...liteOn("rtx4080", "-ngl", "99")],
        show: (line) => /^(estimated| {2}(prefill|decode) +\d+ tokens?,)/.test(line),
        says: [/^ {2}decode +1 token, .* t\/s +busy: .*cuda:0 /m],
      },
    ],
    after:
      "The estimate is a roofline over the profile's figures; the order of two placements is what to take from it.",
  },
];
