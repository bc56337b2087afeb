import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { reference, temporaryFolder, tensorplan } from "./support.ts";

const folder = temporaryFolder();

interface ReferencePrompt {
  readonly name: string;
  readonly ids: readonly number[];
  readonly text: string;
  readonly greedy: readonly number[];
}

const { prompts } = JSON.parse(readFileSync(reference("tiny-iq4_nl.json"), "utf8")) as {
  prompts: readonly ReferencePrompt[];
};
const promptOf = (name: string): ReferencePrompt => {
  const found = prompts.find((prompt) => prompt.name === name);
  if (found === undefined) throw new Error(`no prompt ${name}`);
  return found;
};
const short = promptOf("short");

const greedy = (...more: readonly string[]) => ["run", "--temp", "0", ...more];

describe("run", () => {
  test("goes on with token ids as the reference does", async () => {
    const argv = greedy("--tokens", short.ids.join(","), "-n", "12", "--json");
    const { code, stdout } = await tensorplan(argv);
    expect(code).toBe(0);
    const result = JSON.parse(stdout);
    expect(result.tokens).toEqual(short.greedy.slice(0, 12));
    expect(result.prompt).toEqual(short.ids);
    expect(result.timings).toMatchObject({ promptTokens: short.ids.length, generatedTokens: 12 });
    expect(result.plan.hash).toMatch(/^[0-9a-f]{64}$/);
    expect(result.plan).toMatchObject({ splits: 1, transfers: 0 });
    const [bytes] = Object.values<{ total: number; weights: number }>(result.plan.bytes);
    expect(bytes?.weights).toBeGreaterThan(11e6);
    expect(bytes?.total).toBeGreaterThan(bytes?.weights ?? 0);
  });

  test("streams the text to stdout and says everything else on stderr", async () => {
    let pieces = 0;
    const argv = greedy("-p", short.text, "-n", "8");
    const { stdout, stderr } = await tensorplan(argv, { onStdout: () => pieces++ });
    const { stdout: json } = await tensorplan([...argv, "--json"]);
    expect(stdout).toBe(`${JSON.parse(json).text}\n`);
    expect(pieces).toBeGreaterThan(4);
    expect(stderr).toMatch(/^plan [0-9a-f]{12}$/m);
    expect(stderr).toMatch(/prompt \d+ tokens in .* tokens\/s\) · generated 8 tokens in .* tokens\/s\)/);
  });

  test("the same seed writes the same text, and every sampling flag arrives", async () => {
    const argv = [
      "run",
      "-p",
      "In the beginning",
      "-n",
      "8",
      "--seed",
      "7",
      "--temp",
      "0.9",
      "--top-k",
      "30",
      "--json",
    ];
    const [first, second] = await Promise.all([tensorplan(argv), tensorplan(argv)]);
    const [a, b] = [JSON.parse(first.stdout), JSON.parse(second.stdout)];
    expect(a.tokens).toEqual(b.tokens);
    expect(a.seed).toBe(7);
    const ordered = await tensorplan([...argv, "--samplers", "top_k;temperature"]);
    expect(JSON.parse(ordered.stdout).sampling).toBe("top_k -> temperature -> draw");
    const banned = await tensorplan(
      greedy("--tokens", short.ids.join(","), "-n", "1", "--json", "--logit-bias", `${short.greedy[0]}-inf`),
    );
    expect(JSON.parse(banned.stdout).tokens).not.toEqual(short.greedy.slice(0, 1));
  });

  test("without prompt and model it writes something of its own", async () => {
    const { code, stdout } = await tensorplan(["run", "-n", "8", "--seed", "3", "--json"]);
    expect(code).toBe(0);
    expect(JSON.parse(stdout).tokens).toHaveLength(8);
  });

  test("a negative prompt steers when guidance is on", async () => {
    const argv = greedy("-p", "The captain of the ship", "-n", "4", "--json");
    const plain = JSON.parse((await tensorplan(argv)).stdout);
    const guided = await tensorplan([
      ...argv,
      "--cfg-scale",
      "4",
      "--negative-prompt",
      "The captain of the ship and",
    ]);
    expect(guided.code).toBe(0);
    expect(JSON.parse(guided.stdout).tokens).not.toEqual(plain.tokens);
  });

  test("stops where the context ends", async () => {
    const argv = greedy(
      "--tokens",
      short.ids.join(","),
      "-n",
      "-1",
      "--ignore-eos",
      "-c",
      String(short.ids.length + 3),
      "--json",
    );
    const { code, stdout } = await tensorplan(argv);
    expect(code).toBe(0);
    // The last token's own row needn't be in the cache.
    expect(JSON.parse(stdout).tokens).toEqual(short.greedy.slice(0, 4));
  });

  test("two CPU devices and llama.cpp's short flags give the same tokens through copies", async () => {
    const argv = greedy("--tokens", short.ids.join(","), "-n", "6", "--json", "-ub", "8");
    const { stdout } = await tensorplan([...argv, "--cpu-devices", "2", "-ot", "exps=cpu:1"]);
    const result = JSON.parse(stdout);
    expect(result.tokens).toEqual(short.greedy.slice(0, 6));
    expect(result.plan.transfers).toBeGreaterThan(0);
    expect(Object.keys(result.plan.bytes)).toEqual(["cpu:0", "cpu:1"]);
  });

  test("says what the passes changed when asked", async () => {
    const { stderr } = await tensorplan(greedy("-p", "x", "-n", "1", "--trace-passes"));
    expect(stderr).toMatch(/^pass fuse-gate-up: \d+ removed, \d+ added, \d+ changed$/m);
  });

  test("Ctrl-C ends with 130 while the text is still coming", async () => {
    const cancel = new AbortController();
    const running = tensorplan(["run", "-p", "x", "-n", "1000", "--ignore-eos"], {
      signal: cancel.signal,
      onStdout: () => cancel.abort(),
    });
    expect((await running).code).toBe(130);
  });
});

describe("what run can't do", () => {
  mkdirSync(join(folder, "sub"), { recursive: true });
  writeFileSync(join(folder, "rules.json"), '{ "schema": "tensorplan.rules/1", "rules": [{ "name": "x" }] }');
  writeFileSync(join(folder, "empty.txt"), "");

  test.each([
    ["an empty prompt", ["-p", ""], "cli/empty-prompt"],
    ["an empty file", ["-f", join(folder, "empty.txt")], "cli/empty-prompt"],
    ["a prompt longer than the context", ["-p", "In the beginning", "-c", "3"], "cli/prompt-too-long"],
    ["a token that the vocabulary hasn't", ["--tokens", "4096"], "cli/token-range"],
    ["a prompt file that isn't there", ["-f", join(folder, "none")], "cli/unreadable"],
    ["a model that isn't there", ["-m", join(folder, "none"), "-p", "x"], "gguf/unreadable"],
    ["a folder as model", ["-m", join(folder, "sub"), "-p", "x"], "gguf/unreadable"],
    ["a sampling option out of range", ["-p", "x", "--top-p", "2"], "sampler/bad-option"],
    ["a flag without effect", ["-p", "x", "--negative-prompt", "y"], "cli/no-effect"],
    ["an override that matches nothing", ["-p", "x", "-ot", "foo=cpu"], "rules/matches-nothing"],
    ["an unknown device", ["-p", "x", "-ot", "exps=tpu"], "flags/unknown-device"],
    ["layers for an accelerator that isn't there", ["-p", "x", "-ngl", "3"], "flags/no-accelerator"],
    ["a damaged rule file", ["-p", "x", "--rules", join(folder, "rules.json")], "rules/file"],
    ["a cache type that no kernel takes", ["-p", "x", "--cache-type", "q4_0"], "cli/cache-type"],
    ["an unknown backend", ["-p", "x", "--backend", "./none.js"], "cli/backend"],
  ])("%s is one error with code 1", async (_, argv, errorCode) => {
    const { code, stdout, stderr } = await tensorplan(["run", ...argv]);
    expect(code).toBe(1);
    expect(stdout).toBe("");
    expect(stderr).toContain(`error[${errorCode}]`);
    expect(stderr).toContain("hint");
  });

  test("what the plan warns of goes to standard error, with what to do, and into the JSON", async () => {
    const argv = ["run", "-p", "x", "-n", "1", "--cpu-devices", "2", "-ot", "ffn_up_exps=cpu:1"];
    const { code, stderr } = await tensorplan(argv);
    expect(code).toBe(0);
    expect(stderr).toMatch(
      /warning: 'blk\.\*\.ffn_up_exps\.weight' \(layers 1–5\) is on cpu:1 by rule .*; store both on one device/,
    );
    const { plan } = JSON.parse((await tensorplan([...argv, "--json"])).stdout);
    expect(plan.warnings).toEqual([
      expect.objectContaining({ code: "fused-weights-apart", hint: expect.stringContaining("store both") }),
    ]);
    const quiet = await tensorplan(["run", "-p", "x", "-n", "1"]);
    expect(quiet.stderr).not.toContain("warning");
  });

  test.each([
    ["-n", "-2"],
    ["-n", "1.5"],
    ["-c", "0"],
    ["-t", "0"],
    ["-ub", "x"],
    ["--temp", "hot"],
    ["--seed", "-3"],
    ["--cache-type", "q4_9"],
  ])("%s %s is refused with code 2", async (flag, value) => {
    const { code, stderr } = await tensorplan(["run", "-p", "x", flag, value]);
    expect(code).toBe(2);
    expect(stderr).toMatch(/Give a|Allowed choices/);
  });

  test("a model without a prompt is refused with code 2", async () => {
    const { code, stderr } = await tensorplan(["run", "-m", reference("rand-llama.gguf")]);
    expect(code).toBe(2);
    expect(stderr).toContain("give a prompt");
  });
});
