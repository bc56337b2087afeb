import { liteOn, offload, type Question } from "./question.ts";

const ggml = ["--policy", "ggml", ...liteOn("h100", ...offload), "-fa", "on"] as const;
const boundaries = (line: string) => /^(\S| {2,}\d+ )/.test(line);

/** What ggml's scheduler does with the flags that most people begin with. */
export const ggmlQuestions: readonly Question[] = [
  {
    title:
      "Why 54 splits in decode, 80 when memory is reserved, and 79 in a real prefill, with the same flags?",
    asked:
      "ik_llama.cpp #273, whose log says `graph splits = 54` and 972.00 MiB of cache for `-ngl 100 -ot exps=CPU -mla 3 -fa -fmoe -c 32768`",
    before:
      "`--policy ggml` does what ggml's scheduler would do, and keeps its reasons, so the same questions can be asked of it.",
    commands: [
      {
        argv: ["plan", ...ggml],
        show: (line) =>
          /^(variants| {2}(decode|prefill)\S* .*split| {2}the graph that llama.cpp reserves)/.test(line),
        says: [
          /^ {2}decode +1 new token a sequence +54 splits/m,
          /^ {2}prefill +32 or more new tokens a sequence +79 splits/m,
          "the graph that llama.cpp reserves memory with, all of 512 tokens with logits, has 80 splits",
        ],
      },
      {
        argv: ["explain", ...ggml, "--splits", "--phase", "decode"],
        show: boundaries,
        says: [
          /^decode: 54 splits$/m,
          /^ {3}26 {2}cuda:0 > cpu, layers 1–26: blk\.\*\.ffn\.experts\.gate runs on cpu/m,
        ],
      },
      {
        argv: ["explain", ...ggml, "--splits", "--phase", "prefill"],
        show: boundaries,
        says: [
          /^prefill: 79 splits$/m,
          /^ {3}25 {2}cuda:0 > cuda:0, layers 1–25: blk\.\*\.ffn\.experts\.gate runs on cuda:0, and its weight blk\.\*\.ffn_gate_exps\.weight is copied there from cpu in each step$/m,
          /^ {4}1 {2}cuda:0 > cpu: blk\.26\.ffn\.experts\.gate runs on cpu/m,
        ],
      },
      {
        argv: ["plan", ...liteOn("h100", ...offload), "-c", "32768"],
        show: (line) => /^ {2}(device|cuda:0) +(weights|\d)/.test(line),
        says: [/^ {2}cuda:0 .* 972 MiB /m],
      },
    ],
    after: [
      "Decode: 1 + 1 + 26 + 26, as the rules give above. With 32 rows and more, a weight in the host's memory is copied to the GPU instead, and each",
      "of a layer's three expert weights begins a split of its own. In the graph that memory is reserved with, all 512 tokens go through every layer:",
      "2 + 26 × 3 = 80. In a real prefill the last layer computes only the rows whose logits are wanted, fewer than 32, so its experts stay on the",
      "CPU and need two splits: 2 + 25 × 3 + 2 = 79. The cache's 972 MiB are 27 layers × 32,768 rows × 576 values × 2 bytes; the rules store them on",
      "the same device. What is emulated: buffers of weights, the expansion passes, the threshold of 32 rows, copies and splits of llama.cpp v0.5.0's",
      "graph for deepseek2. What isn't: ggml's work areas, the times of its kernels, and ik_llama.cpp's own graphs (`-mla`, `-fmoe`).",
    ].join("\n"),
  },
];
