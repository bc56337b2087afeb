import { liteOn, offload, type Question } from "./question.ts";

const lite = liteOn("rtx4080", ...offload);
const deviceTable = (line: string) => /^(plan| {2}(device|cpu|cuda:\d) )/.test(line);

/** Questions about memory: what fits, where it goes, and what is left. */
export const memoryQuestions: readonly Question[] = [
  {
    title: "Will it fit, and if not, by how much and what would help?",
    asked:
      "ik_llama.cpp #500, where two GPUs were asked for hundreds of gigabytes, and llama.cpp #24355, about buffers that nobody could switch off",
    before:
      "Everything that will be allocated is known from the header of the file. A plan that doesn't fit is refused before anything is loaded.",
    commands: [
      {
        argv: ["plan", "--arch", "deepseek-r1", "--type", "iq4_k", "--devices", "rtx4080", "-ngl", "99"],
        show: (line) => !line.startsWith("  hint"),
        code: 1,
        says: [/needs \d+ GiB on cuda:0, \d+ GiB more than the 15\.0 GiB/, "any of these makes it fit:"],
      },
    ],
    after:
      "The hint, left out here for its length, names changes that would make it fit, each planned before it is offered, the first as a flag to paste.",
  },
  {
    title: "How large are the compute buffers, exactly?",
    asked: "unsloth PR #7637, where a third party derived them anew and estimated 4,757 MiB for 821",
    before: "They are a column of the plan, to the byte (`--json`), for any context and micro-batch.",
    commands: [
      {
        argv: ["plan", ...lite, "-c", "16384", "-ub", "1024"],
        show: deviceTable,
        says: [/^ {2}device +weights +caches +inputs +work area +in all +may use$/m],
      },
    ],
    after:
      "Work areas are laid out when the plan is made; a test holds them to 1.1 times the least that any layout needs. A run compares what it allocated with these figures.",
  },
  {
    title: "Why does automatic fitting overshoot, fail or abort?",
    asked: "llama.cpp #18097, #21801 and #26268",
    before: "There is no guess to overshoot: a longer context is another plan, and its bytes are known.",
    commands: [
      {
        argv: ["plan", ...lite, "-c", "131072"],
        show: deviceTable,
        says: [/^ {2}cuda:0 +731 MiB +3\.80 GiB/m],
      },
    ],
    after: "A number of rows that doesn't fit is refused with the number that does.",
  },
  {
    title: "Is a split by the number of layers fair when layers differ in size?",
    asked: "llama.cpp #12654: dense layers and experts were counted alike, and one GPU ran out of memory",
    before:
      "Without shares, `-ngl` spreads the layers by their bytes; `-ts` counts layers, as ggml does, where you want that.",
    commands: [
      {
        argv: ["plan", "--arch", "deepseek-r1", "--type", "iq4_k", "--devices", "8xh100", "-ngl", "99"],
        show: deviceTable,
        says: [/^ {2}cuda:0 +4\d\.\d GiB/m, /^ {2}cuda:7 +4\d\.\d GiB/m],
      },
    ],
    after: "Each device holds a run of layers of about as many bytes as the others.",
  },
  {
    title: "Is `-sm none` the same as giving one GPU all shares?",
    asked: "llama.cpp #13612, where it wasn't",
    before: "Both are rules, so two plans can be compared.",
    commands: [
      {
        argv: ["plan", ...liteOn("8xh100", "-ngl", "99", "-sm", "none")],
        show: (line) => deviceTable(line) && !/cuda:[2-7]/.test(line),
        says: [/^ {2}cuda:0 +8\.26 GiB +122 MiB +6\.31 KiB +41\.8 MiB +8\.41 GiB/m, /^ {2}cuda:1 +0 B/m],
      },
      {
        argv: ["plan", ...liteOn("8xh100", "-ngl", "99", "-ts", "1,0,0,0,0,0,0,0")],
        show: (line) => deviceTable(line) && !/cuda:[2-7]/.test(line),
        says: [/^ {2}cuda:0 +8\.26 GiB +122 MiB +6\.31 KiB +41\.8 MiB +8\.41 GiB/m, /^ {2}cuda:1 +0 B/m],
      },
    ],
    after:
      "Yes: the same bytes on the same device, and nothing on the others. `plan diff` compares them node by node.",
  },
  {
    title: "Is the GPU's memory put to use?",
    asked:
      "ik_llama.cpp PR #2262, where a solver's gain of 2.4 times went away once the baseline used as much memory",
    before:
      "A fast device that is more than half empty while a slower one holds weights that would fit there is a warning, with the flag that moves them.",
    commands: [
      {
        argv: ["plan", ...lite],
        show: (line) => /budget|uses .* of|put -ot/.test(line),
        says: [
          /cuda:0 uses \d+ MiB of 15\.0 GiB, while cpu, which reads slower, holds weights of layers 1–26/,
          /put -ot 'blk/,
        ],
      },
    ],
    after: "Compare placements at equal bytes: the table of each plan says how many there are.",
  },
  {
    title: "Why does the same command take other memory in another version?",
    asked: "ik_llama.cpp #822, #1324 and #756",
    before:
      "A plan is canonical JSON with a hash over everything that it depends on, what the devices can do included. Two plans, from two versions or two sets of flags, can be compared.",
    commands: [
      {
        argv: ["plan", "diff", ...lite, "-ub", "512", "-ub", "1024"],
        code: 1,
        show: (line) => /^(memory| {2}(device|cpu|cuda:0) )/.test(line),
        says: [/^memory$/m, /^ {2}cuda:0 .* > /m],
      },
    ],
    after:
      "Keep `plan --json` beside your command; `plan diff old.json new.json` says which weights and nodes moved, by which rule, and what that does to bytes, splits and copies.",
  },
];
