import { liteOn, offload, type Question } from "./question.ts";

const lite = liteOn("rtx4080", ...offload);

/** Questions about splits, copies and who computes. */
export const splitQuestions: readonly Question[] = [
  {
    title: "Where will each operation run, and who says so?",
    asked: "ik_llama.cpp #273, where the author himself finds the placement hard to predict",
    before:
      "The plan has a line for each operation of a step: device, kernel, and the rule that decided. No weight is read for it.",
    commands: [
      {
        argv: ["plan", ...lite, "--phase", "decode"],
        show: (line) => /^task|^s[0-3] .*(embed|blk\.[01]\.(attn\.q|ffn\.(experts|router))) /.test(line),
        says: [/^s2 +cpu +blk\.1\.ffn\.experts +moe .* compute where the weight lives$/m],
      },
    ],
    after:
      "`plan --rules` lists every rule in force, defaults included; nothing outside of that list decides anything. The same model, devices and rules give the same bytes on every machine.",
  },
  {
    title: "Graph splits = 54: which operations cause them?",
    asked: "llama.cpp #12352, where the answer was to set a debugging variable",
    before:
      "Each split is explained by the node that needed it and the rule that put that node where it is. Layers that are alike are one line, and the numbers add up.",
    commands: [
      {
        argv: ["explain", ...lite, "--splits", "--phase", "decode"],
        says: [
          /^decode: 54 splits$/m,
          /^ {4}1 {2}cpu: the step begins$/m,
          /^ {4}1 {2}cpu > cuda:0: /m,
          /^ {3}26 {2}cuda:0 > cpu, layers 1–26: blk\.\*\.ffn\.experts runs on cpu/m,
          /^ {3}26 {2}cpu > cuda:0, layers 1–26: blk\.\*\.ffn\.sum runs on cuda:0/m,
        ],
      },
    ],
    after:
      "1 + 1 + 26 + 26 = 54: the embedding stays with the host, and `-ot exps=CPU` sends the experts of 26 layers there and their sums back. Nothing else crosses.",
  },
  {
    title: "Why does this not run on the GPU?",
    asked:
      "ik_llama.cpp #255 and llama.cpp #3860: the GPU is busy while the prompt is read and idle while text is written",
    before:
      "`--why-not` names the rule that came first, whether the device's kernels could run the node, and the rules that would bring it there. It plans again with them and says what they cost.",
    commands: [
      {
        argv: ["explain", ...lite, "--why-not", "cuda:0", "--phase", "decode", "blk.*.ffn.experts"],
        show: (line) => !line.startsWith("moe 'blk.26") && !line.includes("'blk.26."),
        says: [
          "cuda:0 could run it, by ",
          "which lives on cpu by rule '-ot exps=CPU'",
          /Tried: cpu holds 7\.\d+ GiB less; cuda:0 holds 7\.\d+ GiB more; decode has 2 splits instead of 54/,
          "Rule '-ot exps=CPU' would decide nothing any more: leave it out.",
        ],
      },
    ],
    after: "Here nothing but the user's own rule keeps the experts off the card, and all of them would fit.",
  },
  {
    title: "What is copied between devices in a step, and who needs it?",
    asked:
      "llama.cpp #13751 and ollama PR #11383, where copies that nobody had asked for slowed decoding by 10 to 30 %, and llama.cpp #25997, where free memory at the start decided whether they existed",
    before:
      "Every copy is listed with its bytes as a formula, both ends, and the rule that allows it. Free memory, or anything else that isn't in the plan, changes nothing.",
    commands: [
      {
        argv: ["explain", ...lite, "--transfers", "--phase", "decode"],
        show: (_, i) => i < 9,
        says: [
          /^decode: 105 copies, at most 3\.21 MiB in one step$/m,
          /25 copies of blk\.\*\.ffn\.norm \(layers 1–25\): 8192\*tokens bytes each/,
        ],
      },
    ],
    after:
      "There are no copies for pipelining and no hidden buffers: a run counts its copies and compares them with this list.",
  },
  {
    title: "Why is the embedding computed on the CPU, and can I move it?",
    asked: "llama.cpp #22926, where moving it made prompts 1.5 to 3 times as fast",
    before: "It is a rule like any other: `-ngl` keeps what belongs to no layer with the host.",
    commands: [
      {
        argv: ["explain", ...lite, "--why-not", "cuda:0", "--phase", "decode", "embed"],
        says: [
          "It reads the weight 'token_embd.weight', which lives on cpu by rule '-ngl 99: the rest'",
          "or say -ot '^token_embd\\.weight$=cuda:0'",
          "decode has 53 splits instead of 54",
        ],
      },
    ],
    after: "One flag moves it, at the price that the last line names.",
  },
  {
    title: "Does an operation leave the GPU when the context grows?",
    asked:
      "llama.cpp #26399: TOP_K left the GPU above some 4,000 rows of context, and decoding became 6.4 times slower",
    before:
      "A plan is a function of the sizes of a step, and `--over` prints every size at which something changes.",
    commands: [
      {
        argv: ["plan", ...lite, "--over", "context=0..16384"],
        says: [/^over 1–16384 rows of context of one sequence: 0 thresholds$/m],
      },
    ],
    after:
      "No. If a kernel's condition turned anywhere in that range, the row of context, the kernel and its reason would be listed here.",
  },
  {
    title: "From how many tokens on is a prompt computed otherwise?",
    asked:
      "llama.cpp #17026, which asks for a threshold that can be set, and ik_llama.cpp PR #520, where 34 more tokens took 23 seconds",
    before: "Thresholds come from rules and from kernels' conditions, and each is printed with its reason.",
    commands: [
      {
        argv: ["plan", ...lite, "--over", "tokens=1..2048"],
        show: (line, i) =>
          i < 7 || line.startsWith("from") || /mla \(|decided by rule 'latent|below, rule/.test(line),
        says: [/^from 9 tokens:$/m, /^from 128 tokens:$/m, "done as 'decompressed' instead of 'absorbed'"],
      },
    ],
    after:
      "The second one is a rule (`tokensPerSequence`), so a rule of your own in front of it sets another. Each step of a run takes the variant that its sizes fall into.",
  },
  {
    title: "Two GPUs are slower than one: what happens between them?",
    asked: "ik_llama.cpp #629, where the maintainer suspected graph splits",
    before: "The same question as for one GPU. Each boundary between layers costs one split and one copy.",
    commands: [
      {
        argv: ["explain", ...liteOn("8xh100", "-ngl", "99"), "--splits", "--phase", "decode"],
        show: (line) => !line.startsWith("       "),
        says: [
          /^decode: 9 splits$/m,
          "1  cuda:6 > cuda:7: blk.24.attn.norm runs on cuda:7 and reads blk.23.ffn.norm:sum",
        ],
      },
    ],
    after:
      "Eight devices in a row: each waits for the one before it, so a single sequence gains memory from them and no speed. The plan's estimate of a step says how busy each device is.",
  },
];
