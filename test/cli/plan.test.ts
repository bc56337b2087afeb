import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { planFromJson, planHash } from "@tensorplan/scheduler";
import { describe, expect, test } from "vitest";
import { reference, temporaryFolder, tensorplan } from "./support.ts";

const folder = temporaryFolder();

describe("plan", () => {
  test("says what lives and runs where", async () => {
    const { code, stdout } = await tensorplan(["plan", "--backend", "reference"]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^plan [0-9a-f]{12} of deepseek2$/m);
    expect(stdout).toMatch(/mla_attention: absorbed .*'latent attention absorbs few tokens'/);
  });

  test("lists every node of a phase with its rule", async () => {
    const { stdout } = await tensorplan(["plan", "--backend", "reference", "--phase", "decode"]);
    expect(stdout).toMatch(/^s0 +reference +blk\.5\.attn\.q +matmul .*compute where the weight lives$/m);
  });

  test("prints canonical JSON that reads back and is the same every time", async () => {
    const argv = [
      "plan",
      "--json",
      "--cpu-devices",
      "2",
      "-ngl",
      "3",
      "-m",
      reference("rand-deepseek3.gguf"),
    ];
    const [first, second] = await Promise.all([tensorplan(argv), tensorplan(argv)]);
    expect(first.stdout).toBe(second.stdout);
    const plan = planFromJson(first.stdout);
    expect(planHash(plan)).toMatch(/^[0-9a-f]{64}$/);
    expect(plan.devices.map(({ id }) => id)).toEqual(["cpu:0", "cpu:1"]);
    expect(plan.rules[0]?.origin).toEqual({ kind: "flag", text: "-ngl 3" });
  });

  test("takes rules from a file, in front of the flags'", async () => {
    const path = join(folder, "rules.json");
    const rule = { name: "experts elsewhere", when: { weight: "*_exps*" }, do: { store: "cpu:1" } };
    writeFileSync(path, JSON.stringify({ schema: "tensorplan.rules/1", rules: [rule] }));
    const { code, stdout } = await tensorplan([
      "plan",
      "--json",
      "--cpu-devices",
      "2",
      "--rules",
      path,
      "-ot",
      "token_embd=cpu:1",
    ]);
    expect(code).toBe(0);
    expect(
      planFromJson(stdout)
        .rules.slice(0, 2)
        .map(({ name }) => name),
    ).toEqual(["experts elsewhere", "-ot token_embd=cpu:1"]);
  });

  test("lists all rules in force, defaults included, with what each decided", async () => {
    const path = join(folder, "listed.json");
    const rule = { name: "experts elsewhere", when: { weight: "*_exps*" }, do: { store: "CPU1" } };
    writeFileSync(path, JSON.stringify({ schema: "tensorplan.rules/1", rules: [rule] }));
    const argv = ["plan", "--cpu-devices", "2", "--rules", path, "-ngl", "2", "--rules"];
    const { code, stdout } = await tensorplan(argv);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^ 1 {2}store +experts elsewhere .* on cpu:1 +error +15 weights$/m);
    expect(stdout).toMatch(/^ 2 {2}store +-ngl 2: layers +-ngl 2 +layer at least 4 /m);
    expect(stdout).toMatch(/the first device that can +default .* nothing$/m);
    const { rules } = JSON.parse((await tensorplan([...argv, "--json"])).stdout);
    expect(rules[0]).toMatchObject({ kind: "store", weights: 15, rule: { do: { store: "cpu:1" } } });
  });

  test.each([
    ["a flag that matches nothing", ["-ot", "nothing_like_it=CPU1"], "rules/matches-nothing"],
    ["a flag that others shadow", ["-ot", "blk=cpu:1,exps=cpu:0"], "rules/shadowed"],
    ["two flags that contradict each other", ["-ot", "exps=cpu:1,exps=cpu:0"], "rules/contradiction"],
    ["a flag that changes what isn't there", ["-ts", "1,1"], "flags/no-effect"],
    ["rows over one accelerator", ["-ngl", "2", "-sm", "row"], "flags/no-effect"],
    ["experts of layers that have none", ["-ncmoe", "1"], "rules/matches-nothing"],
  ])("%s is an error that names it", async (_, flags, code) => {
    const outcome = await tensorplan(["plan", "--cpu-devices", "2", ...flags]);
    expect(outcome.code).toBe(1);
    expect(outcome.stderr).toContain(`error[${code}]`);
    expect(outcome.stderr).toContain(flags.at(-1)?.split(",").at(-1));
  });

  test.each(["json", "yaml"])("the rules in force, written as %s, give the plan again", async (format) => {
    const argv = ["plan", "--cpu-devices", "2", "-ngl", "3"];
    const { stdout: rules } = await tensorplan([...argv, "--rules-as", format]);
    const path = join(folder, `whole.${format}`);
    writeFileSync(path, rules);
    const again = await tensorplan(["plan", "--cpu-devices", "2", "--rules", path, "--json"]);
    expect(again.stdout).toBe((await tensorplan([...argv, "--json"])).stdout);
  });

  test("the rules in force as TypeScript, and the schema of rule files", async () => {
    const { stdout } = await tensorplan(["plan", "--rules-as", "typescript"]);
    expect(stdout).toMatch(
      /^import \{ rules \} from "@tensorplan\/scheduler";\n\nexport default rules\(\["cpu"\]\)\n {2}\.store\(/,
    );
    const schema = JSON.parse((await tensorplan(["plan", "--rules-schema"])).stdout);
    expect(schema).toMatchObject({
      $schema: expect.stringContaining("2020-12"),
      required: ["schema", "rules"],
    });
  });

  test("a mistake in a rule file is an error that names line and column", async () => {
    const path = join(folder, "wrong.yaml");
    writeFileSync(
      path,
      "schema: tensorplan.rules/1\nrules:\n  - name: a\n    when: { ops: moe }\n    do: { place: cpu }\n",
    );
    const { code, stderr } = await tensorplan(["plan", "--rules", path]);
    expect(code).toBe(1);
    expect(stderr).toContain(`error[rules/file]: ${path}:4:13: rules.0.when: there is no field 'ops'`);
  });

  test.each([
    [
      "a device that isn't there",
      "when: {}",
      "store: CUDA0",
      "rules/unknown-device",
      "the devices are: cpu:0, cpu:1",
    ],
    [
      "an expression that can't compile",
      "when: { weight: { regex: 'ffn_(' } }",
      "store: CPU1",
      "rules/regex",
      "rule 'mine'",
    ],
    [
      "a place that the weights forbid, without --no-strict",
      "when: { op: moe }",
      "place: CPU1",
      "plan/away-from-weight",
      "cpu:0 can run it",
    ],
    [
      "a rule that matches nothing",
      "when: { path: blk.77.attn }",
      "place: CPU1",
      "rules/matches-nothing",
      "rule 'mine'",
    ],
  ])("%s in a rule file is an error that names it", async (_, when, action, code, text) => {
    const path = join(folder, "bad.yaml");
    writeFileSync(
      path,
      `schema: tensorplan.rules/1\nrules:\n  - name: mine\n    ${when}\n    do: { ${action} }\n`,
    );
    const outcome = await tensorplan(["plan", "--cpu-devices", "2", "--rules", path]);
    expect(outcome.code).toBe(1);
    expect(outcome.stderr).toContain(`error[${code}]`);
    expect(outcome.stderr).toContain(text);
    if (code !== "plan/away-from-weight") return;
    const relaxed = await tensorplan(["plan", "--cpu-devices", "2", "--rules", path, "--no-strict"]);
    expect(relaxed.code).toBe(0);
    expect(relaxed.stdout).toMatch(/rule 'mine' could not be obeyed \d+ times and gave way/);
  });

  test("flags as llama.cpp spells them become rules", async () => {
    const flags = ["-ngl", "99", "-ts", "2,1", "-ncmoe", "3", "-nkvo", "-nopo"];
    const { code, stdout } = await tensorplan(["plan", "--cpu-devices", "3", ...flags, "--rules"]);
    expect(code).toBe(0);
    for (const name of [
      "--n-cpu-moe 3",
      "--no-kv-offload",
      "-ngl 99: layers on cpu:1",
      "-ngl 99: layers on cpu:2",
    ]) {
      expect(stdout).toMatch(new RegExp(`store +${name} `));
    }
    expect(stdout).toMatch(/follow +--no-op-offload .*[1-9]\d* nodes/);
  });

  test("prints the sizes of step at which something changes, and why", async () => {
    const { code, stdout } = await tensorplan([
      "plan",
      "--backend",
      "reference",
      "--over",
      "tokens=1..512",
      "--over",
      "context=0..1024",
    ]);
    expect(code).toBe(0);
    expect(stdout).toBe(
      [
        "over 1–512 tokens, 1–1024 rows of context of one sequence: 1 threshold, 2 variants",
        "from 128 tokens:",
        "  blk.*.attn.mla (layers 0–5): done as 'decompressed' instead of 'absorbed'",
        "    decided by rule 'latent attention expands long prompts' (default: many queries share the cost of expanding the cache to keys and values)",
        "    below, rule 'latent attention expands long prompts' does not apply: tokensPerSequence isn't at least 128",
        "",
      ].join("\n"),
    );
    const bad = await tensorplan(["plan", "--over", "tokens=9..1"]);
    expect([bad.code, bad.stderr]).toEqual([1, expect.stringContaining("error[explain/over]")]);
  });

  test("a context that doesn't fit is refused with what it would take", async () => {
    const { code, stderr } = await tensorplan(["plan", "-c", "16000000"]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^error\[/);
    expect(stderr).toContain("hint");
  });
});

describe("explain", () => {
  test("gives the rule, the rules before it and the verdicts", async () => {
    const { code, stdout } = await tensorplan(["explain", "blk.3.attn.q"]);
    expect(code).toBe(0);
    expect(stdout).toContain("because of rule 'compute where the weight lives'");
    expect(stdout).toContain("Weight 'blk.3.attn_q.weight' (iq4_nl) lives on");
  });

  test("explains weights that a flag moved, also as JSON", async () => {
    const argv = [
      "explain",
      "--cpu-devices",
      "2",
      "-ot",
      "blk.3.*exps=cpu:1",
      "--json",
      "blk.3.ffn_up_exps.weight",
    ];
    const result = JSON.parse((await tensorplan(argv)).stdout);
    expect(result.things).toHaveLength(1);
    expect(result.things[0].weights[0]).toMatchObject({
      decision: { rule: "-ot blk.3.*exps=cpu:1" },
      copies: [{ device: "cpu:1" }],
    });
  });

  test("says why something isn't on a device, with rules that bring it there when they are pasted", async () => {
    const flags = ["--cpu-devices", "2", "-ot", "exps=cpu:1"];
    const { code, stdout } = await tensorplan(["explain", ...flags, "--why-not", "cpu:1", "blk.*.attn.mla"]);
    expect(code).toBe(0);
    expect(stdout).toContain("cpu:1 could run it, by latent_attention.split");
    const rules = join(folder, "pasted.json");
    writeFileSync(rules, stdout.slice(stdout.indexOf('  {"schema"'), stdout.indexOf("  ]}") + 4));
    const moved = await tensorplan(["explain", ...flags, "--rules", rules, "blk.3.attn.mla.latent"]);
    expect(moved.stdout).toContain("It runs on cpu:1 by the kernel latent_attention.split");
  });

  test("counts splits and copies with their causes, also as JSON", async () => {
    const flags = ["--cpu-devices", "2", "-ot", "exps=cpu:1", "--phase", "decode"];
    const splits = await tensorplan(["explain", ...flags, "--splits"]);
    expect(splits.stdout).toMatch(
      /^decode: 11 splits\n {4}1 {2}cpu:0: the step begins\n {4}5 {2}cpu:0 > cpu:1, layers 1–5: /,
    );
    const { transfers } = JSON.parse(
      (await tensorplan(["explain", ...flags, "--transfers", "--json"])).stdout,
    );
    expect(transfers).toMatchObject([{ variant: "decode", count: 20 }]);
  });

  test("asks for one question", async () => {
    for (const argv of [["explain"], ["explain", "--splits", "blk.3"], ["explain", "--why-not", "cpu"]]) {
      const { code, stderr } = await tensorplan(argv);
      expect([code, stderr.split("\n")[0]]).toEqual([1, expect.stringContaining("error[cli/explain-what]")]);
    }
    const { stderr } = await tensorplan(["explain", "--why-not", "cuda:9", "embed"]);
    expect(stderr).toContain("error[plan/unknown-device]");
  });

  test("an unknown name is an error that suggests near ones", async () => {
    const { code, stderr } = await tensorplan(["explain", "blk.3.attn"]);
    expect(code).toBe(1);
    expect(stderr).toContain("error[explain/unknown]");
    expect(stderr).toContain("blk.3.attn.");
  });
});

describe("devices", () => {
  test("lists the reference device, always, with its kernels as JSON", async () => {
    const { code, stdout } = await tensorplan(["devices", "--backend", "reference", "--json"]);
    expect(code).toBe(0);
    const [found] = JSON.parse(stdout);
    expect(found).toMatchObject({ backend: "reference", kind: "devices", devices: [{ id: "reference" }] });
    expect(found.devices[0].kernels.length).toBeGreaterThan(20);
    expect((await tensorplan(["devices", "--backend", "reference"])).stdout).toMatch(
      /^reference +reference /m,
    );
  });

  test("opens the CPU as several devices when asked", async () => {
    const { stdout } = await tensorplan(["devices", "--backend", "cpu", "--cpu-devices", "2"]);
    expect(stdout).toMatch(/^cpu:0 /m);
    expect(stdout).toMatch(/^cpu:1 /m);
  });
});

describe("plan as a document", () => {
  const split = ["plan", "--cpu-devices", "2", "-ot", "exps=cpu:1"];

  test("--html -o writes one page that holds the plan and fetches nothing", async () => {
    const path = join(folder, "plan.html");
    const { code, stdout, stderr } = await tensorplan([...split, "--html", "-o", path]);
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: "", stderr: "" });
    const page = readFileSync(path, "utf8");
    expect(page).toMatch(/^<!doctype html>/);
    expect(page).toContain("default-src 'none'");
    expect(page).not.toMatch(/(src|href)="(?!data:)/);
    const json = /<script type="application\/json" id="plan">(.*?)<\/script>/s.exec(page)?.[1];
    expect(JSON.parse(json ?? "").rows.id).toContain("blk.1.ffn.experts");
  });

  test("--dot and --svg draw the splits of a phase", async () => {
    const dot = await tensorplan([...split, "--dot", "--phase", "prefill"]);
    expect(dot.stdout).toMatch(/^digraph "deepseek2" \{$/m);
    expect(dot.stdout).toContain("prefill: 128 or more new tokens a sequence");
    const svg = await tensorplan([...split, "--svg"]);
    expect(svg.stdout).toMatch(/<svg [\s\S]*<\/svg>\s*$/);
    expect(svg.stdout).toContain("blk.1.ffn.experts");
  });

  test("--table lists both phases", async () => {
    const { stdout } = await tensorplan([...split, "--table"]);
    expect(stdout).toMatch(/^decode$/m);
    expect(stdout).toMatch(/^prefill$/m);
  });

  test("one form at a time, and a file that can't be written is one clear error", async () => {
    expect(await tensorplan([...split, "--dot", "--json"])).toMatchObject({ code: 2, stdout: "" });
    const { code, stderr } = await tensorplan([...split, "--json", "-o", "/nowhere/plan.json"]);
    expect(code).toBe(1);
    expect(stderr).toContain("error[cli/unwritable]");
  });
});
