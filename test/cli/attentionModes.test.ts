import { planFromJson } from "@tensorplan/scheduler";
import { describe, expect, test } from "vitest";
import { tensorplan } from "./support.ts";

const words = (text: string) => text.split(" ");
const lite = words("--arch deepseek-v2-lite --type iq4_nl");
const small = [...lite, "--layers", "2"];

test("the summary says what the cache of V2-Lite takes at a context of 32768: 972.00 MiB, as ik_llama.cpp's log", async () => {
  const { code, stdout } = await tensorplan(["plan", ...lite, ...words("-mla 3 -fa -fmoe -c 32768")]);
  expect(code).toBe(0);
  expect(stdout).toMatch(/^ +kv \(f16\) +972\.00 MiB +on cpu +27 caches of 32768 rows of 576 values$/m);
});

test("the flags of ik_llama.cpp's log (PR 273) give its 54 splits and its cache on CUDA0", async () => {
  const seed = words("-ngl 100 -ot exps=CPU -mla 3 -fa -fmoe -c 32768 --devices rtx4080");
  const { code, stdout } = await tensorplan(["plan", ...lite, ...seed]);
  expect(code).toBe(0);
  expect(stdout).toMatch(/^ +kv \(f16\) +972\.00 MiB +on cuda:0 /m);
  expect(stdout).toMatch(/^ +decode +1 to 127 .* 54 splits /m);
});

test("plain attention says what keys and values take", async () => {
  const { stdout } = await tensorplan(["plan", ...small, ...words("-mla 0 -c 4096 -ctk f16")]);
  expect(stdout).toMatch(/^ +k \(f16\) +48\.00 MiB .* 2 caches of 4096 rows of 3072 values$/m);
  expect(stdout).toMatch(/^ +v \(f16\) +32\.00 MiB .* 2 caches of 4096 rows of 2048 values$/m);
});

test("a run says how attention is done in steps of each size, and why", async () => {
  const { code, stderr } = await tensorplan(["run", ...words("--tokens 0,5 -n 1 -mla auto")]);
  expect(code).toBe(0);
  expect(stderr).toMatch(/^cache kv \(f32\) +\d+\.\d\d MiB/m);
  expect(stderr).toMatch(
    /^mla_attention absorbed for 1 to \d+ new tokens a sequence: rule '-mla auto: latent attention absorbs', by the cost model: absorbed up to \d+ new tokens at context 512/m,
  );
  expect(stderr).toMatch(/^mla_attention decompressed for \d+ or more new tokens a sequence: rule /m);
});

test("plan --over prints where -mla auto changes", async () => {
  const over = ["--over", "tokens=1..512", "--over", "context=0..4096"];
  const { stdout } = await tensorplan(["plan", ...small, "-mla", "auto", ...over]);
  expect(stdout).toMatch(/done as 'decompressed' instead of 'absorbed'/);
  expect(stdout).toMatch(/absorbed up to \d+ new tokens at context 512.*, decompressed above/);
});

test("-mla auto says where only one way is possible", async () => {
  const { stdout } = await tensorplan(words("plan --cpu-devices 2 -ot attn=cpu:1 -mla auto --json"));
  const rules = planFromJson(stdout).rules.filter(({ name }) => name.startsWith("-mla"));
  expect(rules.map(({ why }) => why)).toEqual([
    "absorbed, for expanding can't be done in every layer where weights and caches live",
  ]);
});

test("-fa and -fmoe turn fused kernels on and off, each kind of step on its own", async () => {
  const { stdout } = await tensorplan(["plan", ...small, ...words("-fa pp=1,tg=0 -fmoe 0 --json")]);
  const plan = planFromJson(stdout);
  const made = (phase: "from" | "below") =>
    plan.variants
      .filter(({ box }) =>
        phase === "from" ? box.tokensPerSequence.from >= 128 : box.tokensPerSequence.below === 2,
      )
      .flatMap(({ lowerings }) => [...new Set(lowerings.map(({ op, lowering }) => `${op} ${lowering}`))]);
  expect(new Set(made("below"))).toEqual(
    new Set(["mla_attention absorbed", "latent_attention naive", "moe primitives"]),
  );
  expect(new Set(made("from"))).toEqual(new Set(["mla_attention decompressed", "moe primitives"]));
  const rules = plan.rules.filter(({ origin }) => origin.kind === "flag").map(({ name }) => name);
  expect(rules).toEqual([
    "-fa pp=1,tg=0: attention in one kernel, prefill",
    "-fa pp=1,tg=0: attention in parts, decode",
    "-fmoe 0: experts in parts",
  ]);
});

describe("mistakes", () => {
  test.each<[readonly string[], string, number?]>([
    [[...small, "-mla", "4"], "Allowed choices are 0, 1, 2, 3, auto", 2],
    [[...small, "-fa", "2"], "Give 0 or 1.", 2],
    [[...small, "-fa", "pp=2"], "Give 0 or 1.", 2],
    [[...small, "-fa", "pp=1,pp=0"], "each kind of step its own", 2],
    [[...small, "-fa", "prompt=1"], "each kind of step its own", 2],
    [[...small, "-fmoe", "yes"], "Give 0 or 1.", 2],
    [[...small, "-fa", "auto"], "error[cli/policy-flag]"],
    [[...small, "--no-expert-groups"], "the model chooses among all experts anyway"],
    [words("--arch llama-3.1-8b --type q8_0 --layers 2 -mla 1"), "the model has no latent attention"],
    [words("--arch llama-3.1-8b --type q8_0 --layers 2 -fmoe"), "the model has no mixture of experts"],
    [[...small, ...words("--policy ggml --devices h100 -mla 3")], "-mla has no effect"],
    [[...small, ...words("--policy ggml --devices h100 -mla auto")], "-mla has no effect"],
    [
      [...small, ...words("--policy ggml --devices h100 --no-expert-groups")],
      "--no-expert-groups has no effect",
    ],
    [
      [...small, ...words("--policy ggml --devices h100 -fa pp=1,tg=0")],
      "differs between prompts and generation",
    ],
  ])("%j", async (argv, message, status = 1) => {
    const { code, stdout, stderr } = await tensorplan(["plan", ...argv]);
    expect(code).toBe(status);
    expect(stdout).toBe("");
    expect(stderr).toContain(message);
  });
});
